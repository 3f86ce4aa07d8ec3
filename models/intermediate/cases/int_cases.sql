with

generic_cases as (
    select * from {{ ref('stg_generic__cases') }}
),

tickets as (
    select * from {{ ref('stg_zendesk__tickets') }}
),

case_versions as (
    select * from {{ ref('int_case_account_versions') }}
),

case_events as (
    select * from {{ ref('int_case_events') }}
),

account_versions as (
    select * from {{ ref('int_account_versions') }}
),

zendesk_groups as (
    select * from {{ ref('stg_zendesk__groups') }}
),

status_map as (
    select * from {{ ref('status_map') }}
),

topic_map as (
    select * from {{ ref('topic_map') }}
),

-- A row that was first known later still says what the case is, but not that it was deleted by then.
combined as (
    select
        case_id,
        'generic' as source,
        cast(null as {{ dbt.type_string() }}) as organization_id,
        contact_id,
        created_at,
        status as vendor_status,
        lower(priority) as priority,
        lower(channel) as channel,
        topic as vendor_topic,
        product,
        lower(case_type) as case_type,
        team,
        assignee_id,
        service_process,
        parent_case_id,
        first_replied_at,
        solved_at,
        closed_at,
        cast(null as {{ dbt.type_string() }}) as merged_into_case_id,
        is_deleted and coalesce(updated_at < {{ as_of_end() }}, true) as is_known_deleted,
        updated_at,
        first_known_at
    from generic_cases

    union all

    select
        tickets.case_id,
        'zendesk' as source,
        tickets.organization_id,
        tickets.contact_id,
        tickets.created_at,
        tickets.status as vendor_status,
        tickets.priority,
        tickets.channel,
        tickets.topic as vendor_topic,
        tickets.product,
        lower(tickets.case_type) as case_type,
        coalesce(zendesk_groups.group_name, tickets.team) as team,
        tickets.assignee_id,
        tickets.service_process,
        tickets.parent_case_id,
        tickets.first_replied_at,
        tickets.solved_at,
        tickets.closed_at,
        tickets.merged_into_case_id,
        tickets.is_deleted and coalesce(tickets.updated_at < {{ as_of_end() }}, true) as is_known_deleted,
        tickets.updated_at,
        tickets.first_known_at
    from tickets
    left join zendesk_groups
        on tickets.team = zendesk_groups.group_id
),

current_versions as (
    select
        case_id,
        account_id
    from case_versions
    where {{ is_known_version() }}
),

endings as (
    select
        case_id,
        max(case when event_type = 'deleted' then occurred_at end) as deleted_at,
        max(case when event_type = 'undeleted' then occurred_at end) as undeleted_at,
        min(case when event_type = 'merged' then occurred_at end) as merged_at
    from case_events
    where event_type in ('deleted', 'undeleted', 'merged')
    group by case_id
),

-- Who is merged twice went with the first.
first_merges as (
    select
        case_id,
        to_value as merged_into_case_id,
        row_number() over (partition by case_id order by occurred_at asc, event_id asc) as merge_number
    from case_events
    where event_type = 'merged'
),

cases as (
    select
        combined.case_id,
        combined.source,
        current_versions.account_id,
        combined.organization_id,
        combined.contact_id,
        combined.created_at,
        coalesce(status_map.status, lower(combined.vendor_status)) as status,
        combined.vendor_status,
        combined.priority,
        combined.channel,
        coalesce(topic_map.topic, lower(combined.vendor_topic)) as topic,
        combined.vendor_topic,
        combined.product,
        combined.case_type,
        combined.team,
        combined.assignee_id,
        coalesce(combined.service_process, account_versions.service_process) as service_process,
        combined.parent_case_id,
        combined.first_replied_at,
        combined.solved_at,
        combined.closed_at,
        coalesce(combined.merged_into_case_id, first_merges.merged_into_case_id) as merged_into_case_id,
        endings.merged_at,
        coalesce(
            combined.is_known_deleted
            or endings.deleted_at > coalesce(endings.undeleted_at, cast('1900-01-01 00:00:00' as timestamp)),
            false
        ) as is_deleted,
        case
            when
                combined.is_known_deleted
                or endings.deleted_at > coalesce(endings.undeleted_at, cast('1900-01-01 00:00:00' as timestamp))
                then coalesce(endings.deleted_at, combined.updated_at)
        end as deleted_at,
        combined.updated_at,
        combined.first_known_at
    from combined
    left join current_versions
        on combined.case_id = current_versions.case_id
    left join endings
        on combined.case_id = endings.case_id
    left join first_merges
        on
            combined.case_id = first_merges.case_id
            and first_merges.merge_number = 1
    left join account_versions
        on
            current_versions.account_id = account_versions.account_id
            and coalesce(combined.created_at, combined.first_known_at) >= account_versions.valid_from
            and coalesce(combined.created_at, combined.first_known_at) < account_versions.valid_to
    left join status_map
        on
            combined.source = status_map.source
            and lower(combined.vendor_status) = status_map.vendor_value
    left join topic_map
        on
            combined.source = topic_map.source
            and lower(combined.vendor_topic) = topic_map.vendor_value
)

select * from cases
where created_at < {{ as_of_end() }} or created_at is null
