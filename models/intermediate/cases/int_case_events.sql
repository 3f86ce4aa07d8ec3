with

generic_events as (
    select * from {{ ref('stg_generic__case_events') }}
),

-- Audits are long texts: each of these reads only what it needs, because a shared step would be kept whole in memory.
audits as (
    select
        audit_id,
        case_id,
        occurred_at,
        author_id,
        via_channel,
        {{ opens_ticket('events') }} as is_opening,
        events
    from {{ ref('stg_zendesk__ticket_audits') }}
    where occurred_at < {{ as_of_end() }}
),

opened_tickets as (
    select distinct case_id
    from {{ ref('stg_zendesk__ticket_audits') }}
    where {{ opens_ticket('events') }}
),

merge_audits as (
    select
        case_id,
        occurred_at,
        {{ merged_into_number('events') }} as merged_into
    from {{ ref('stg_zendesk__ticket_audits') }}
    where events like '%closed and merged into request #%'
),

cases_with_events as (
    select
        case_id,
        max(case when lower(event_type) = 'created' then 1 else 0 end) = 1 as tells_creation,
        max(case when lower(event_type) = 'public_reply' then 1 else 0 end) = 1 as tells_reply,
        max(case when lower(event_type) = 'status' then 1 else 0 end) = 1 as tells_status,
        max(case when lower(event_type) in ('deleted', 'undeleted') then occurred_at end) as told_deletion_at,
        max(
            case
                when lower(event_type) in ('deleted', 'undeleted')
                    then concat(cast(occurred_at as {{ dbt.type_string() }}), ' ', event_id, ' ', lower(event_type))
            end
        ) like '% undeleted' as tells_undeletion
    from {{ ref('stg_generic__case_events') }}
    group by case_id
),

generic_cases as (
    select * from {{ ref('stg_generic__cases') }}
),

tickets as (
    select * from {{ ref('stg_zendesk__tickets') }}
),

generic_versions as (
    select * from {{ ref('stg_generic__case_versions') }}
),

ticket_versions as (
    select * from {{ ref('stg_zendesk__ticket_versions') }}
),

user_versions as (
    select * from {{ ref('stg_zendesk__user_versions') }}
),

zendesk_groups as (
    select * from {{ ref('stg_zendesk__groups') }}
),

agents as (
    select * from {{ ref('int_agents') }}
),

generic_status as (
    select * from {{ ref('status_map') }}
    where source = 'generic'
),

zendesk_status as (
    select * from {{ ref('status_map') }}
    where source = 'zendesk'
),

custom_fields as (
    select * from {{ ref('zendesk_custom_fields') }}
),

approval_words as (
    select * from {{ ref('vendor_values') }}
    where
        source = 'zendesk'
        and field = 'approval_status'
),

-- One row per thing that an audit did.
read_changes as (
    {{ explode_json_records('audits', 'events', [
        'audit_id', 'case_id', 'occurred_at', 'author_id', 'via_channel', 'is_opening'
    ], {
        'change_type': 'type',
        'field_name': 'field_name',
        'previous_value': 'previous_value',
        'new_value': 'value',
        'is_public': 'public',
        'comment_author_id': 'author_id',
        'call_seconds': 'data.call_duration',
        'answered_by': 'data.answered_by_id',
    }, 'change_index') }}
),

named_changes as (
    select
        read_changes.audit_id,
        read_changes.case_id,
        read_changes.occurred_at,
        read_changes.via_channel,
        read_changes.is_opening,
        read_changes.change_index,
        read_changes.change_type,
        coalesce(custom_fields.meaning, read_changes.field_name) as field,
        nullif(read_changes.previous_value, '') as previous_value,
        nullif(read_changes.new_value, '') as new_value,
        case when read_changes.change_type like '%Comment' then coalesce(read_changes.is_public, 'true') end
            as is_public,
        case when read_changes.change_type = 'VoiceComment' then 'zendesk:' || read_changes.answered_by end
            as answered_by,
        case
            when read_changes.change_type = 'VoiceComment' and read_changes.answered_by is not null
                then read_changes.call_seconds
        end as call_seconds,
        case
            when read_changes.change_type like '%Comment' and read_changes.comment_author_id is not null
                then 'zendesk:' || read_changes.comment_author_id
            else read_changes.author_id
        end as author_id
    from read_changes
    left join custom_fields
        on read_changes.field_name = cast(custom_fields.field_id as {{ dbt.type_string() }})
    where
        read_changes.change_type like '%Comment'
        or (
            read_changes.change_type in ('Create', 'Change')
            and coalesce(custom_fields.meaning, read_changes.field_name)
            in ('status', 'assignee_id', 'group_id', 'priority', 'approval_status')
        )
),

-- Somebody is what the version of that time says: an agent who is none any more was one then. Who asked is a customer,
-- also when the list of users does not have them.
people as (
    select
        user_id,
        role,
        is_bot,
        valid_from,
        valid_to
    from user_versions

    union all

    select distinct
        tickets.requester_id as user_id,
        'end-user' as role,
        false as is_bot,
        cast('1900-01-01 00:00:00' as timestamp) as valid_from,
        cast('9999-12-31 00:00:00' as timestamp) as valid_to
    from tickets
    left join user_versions
        on tickets.requester_id = user_versions.user_id
    where
        user_versions.user_id is null
        and tickets.requester_id is not null
),

-- Who is not known and did not ask is not taken for a person of ours.
acted_changes as (
    select
        named_changes.*,
        case
            when people.is_bot then 'bot'
            when named_changes.author_id = 'zendesk:-1' or named_changes.via_channel in ('rule', 'system') then 'system'
            when people.role in ('agent', 'admin') then 'agent'
            when people.role = 'end-user' then 'customer'
            else 'system'
        end as actor_type
    from named_changes
    left join people
        on
            named_changes.author_id = people.user_id
            and named_changes.occurred_at >= people.valid_from
            and named_changes.occurred_at < people.valid_to
),

-- A customer's opening message is the case itself and no reply; an agent's stays, for the reply that counts is the
-- next. What the customer said in a call is no reply either, but answering it was an agent's work; a voicemail is a
-- message.
judged_changes as (
    select
        acted_changes.*,
        case
            when acted_changes.field = 'status' and acted_changes.change_type = 'Create' then 'created'
            when
                acted_changes.field = 'status'
                and 'deleted' not in (acted_changes.new_value, coalesce(acted_changes.previous_value, ''))
                then 'status'
            when acted_changes.field = 'assignee_id' then 'assignment'
            when acted_changes.field = 'group_id' then 'team'
            when acted_changes.field = 'priority' then 'priority'
            when acted_changes.field = 'approval_status' then approval_words.standard_value
            when acted_changes.is_public = 'false' then 'internal_note'
            when acted_changes.answered_by is not null and acted_changes.actor_type = 'customer' then 'handling'
            when
                acted_changes.is_public = 'true' and acted_changes.actor_type = 'customer' and acted_changes.is_opening
                then null
            when acted_changes.is_public = 'true' and acted_changes.actor_type = 'customer' then 'customer_reply'
            when acted_changes.is_public = 'true' then 'public_reply'
        end as event_type,
        case when acted_changes.field = 'group_id' then 'zendesk:' || acted_changes.previous_value end
            as earlier_group_id,
        case when acted_changes.field = 'group_id' then 'zendesk:' || acted_changes.new_value end as later_group_id
    from acted_changes
    left join approval_words
        on
            acted_changes.field = 'approval_status'
            and lower(acted_changes.new_value) = approval_words.vendor_value
),

ticket_events as (
    select
        concat(
            'zendesk:',
            lpad(replace(judged_changes.audit_id, 'zendesk:', ''), 20, '0'),
            '-',
            lpad(cast(judged_changes.change_index as {{ dbt.type_string() }}), 4, '0')
        ) as event_id,
        judged_changes.case_id,
        judged_changes.occurred_at,
        judged_changes.event_type,
        case when judged_changes.event_type = 'handling' then 'agent' else judged_changes.actor_type end as actor_type,
        case
            when judged_changes.event_type = 'handling' then judged_changes.answered_by
            else judged_changes.author_id
        end as actor_id,
        case judged_changes.event_type
            when 'assignment' then 'zendesk:' || judged_changes.previous_value
            when 'team' then coalesce(earlier_groups.group_name, judged_changes.earlier_group_id)
            when 'status' then coalesce(earlier_status.status, judged_changes.previous_value)
            when 'priority' then judged_changes.previous_value
        end as from_value,
        case
            when judged_changes.event_type = 'assignment' then 'zendesk:' || judged_changes.new_value
            when
                judged_changes.event_type = 'team'
                then coalesce(later_groups.group_name, judged_changes.later_group_id)
            when
                judged_changes.event_type in ('created', 'status')
                then coalesce(later_status.status, judged_changes.new_value)
            when judged_changes.event_type = 'priority' then judged_changes.new_value
        end as to_value,
        {{ to_integer('judged_changes.call_seconds') }} as handle_seconds,
        judged_changes.occurred_at as known_at,
        'zendesk' as source
    from judged_changes
    left join zendesk_groups as earlier_groups
        on judged_changes.earlier_group_id = earlier_groups.group_id
    left join zendesk_groups as later_groups
        on judged_changes.later_group_id = later_groups.group_id
    left join zendesk_status as earlier_status
        on lower(judged_changes.previous_value) = earlier_status.vendor_value
    left join zendesk_status as later_status
        on lower(judged_changes.new_value) = later_status.vendor_value
    where
        judged_changes.event_type is not null
        and (
            judged_changes.event_type not in ('assignment', 'team', 'priority')
            or judged_changes.previous_value is not null
            or judged_changes.new_value is not null
        )
),

mapped_events as (
    select
        generic_events.event_id,
        generic_events.case_id,
        generic_events.occurred_at,
        lower(generic_events.event_type) as event_type,
        case
            when agents.is_bot then 'bot'
            when generic_events.actor_type is not null then lower(generic_events.actor_type)
            when agents.agent_id is not null then 'agent'
            else 'system'
        end as actor_type,
        generic_events.actor_id,
        case
            when lower(generic_events.event_type) in ('status', 'created')
                then coalesce(earlier_status.status, lower(generic_events.from_value))
            else generic_events.from_value
        end as from_value,
        case
            when lower(generic_events.event_type) in ('status', 'created')
                then coalesce(later_status.status, lower(generic_events.to_value))
            else generic_events.to_value
        end as to_value,
        generic_events.handle_seconds,
        generic_events.updated_at as known_at,
        'generic' as source
    from generic_events
    left join agents
        on generic_events.actor_id = agents.agent_id
    left join generic_status as earlier_status
        on lower(generic_events.from_value) = earlier_status.vendor_value
    left join generic_status as later_status
        on lower(generic_events.to_value) = later_status.vendor_value
),

-- What the events of a case do not tell is known by its own timestamps: that it was opened, replied to, or solved.
silent_cases as (
    select
        generic_cases.case_id,
        case when not coalesce(cases_with_events.tells_creation, false) then generic_cases.created_at end as created_at,
        case when not coalesce(cases_with_events.tells_reply, false) then generic_cases.first_replied_at end
            as first_replied_at,
        case when not coalesce(cases_with_events.tells_status, false) then generic_cases.solved_at end as solved_at,
        case when not coalesce(cases_with_events.tells_status, false) then generic_cases.closed_at end as closed_at,
        generic_cases.assignee_id,
        generic_cases.contact_id,
        generic_cases.first_known_at,
        'generic' as source
    from generic_cases
    left join cases_with_events
        on generic_cases.case_id = cases_with_events.case_id
    where
        cases_with_events.case_id is null
        or not cases_with_events.tells_creation
        or not cases_with_events.tells_reply
        or not cases_with_events.tells_status

    union all

    select
        tickets.case_id,
        tickets.created_at,
        tickets.first_replied_at,
        tickets.solved_at,
        tickets.closed_at,
        tickets.assignee_id,
        tickets.contact_id,
        tickets.first_known_at,
        'zendesk' as source
    from tickets
    left join opened_tickets
        on tickets.case_id = opened_tickets.case_id
    where opened_tickets.case_id is null
),

stand_ins as (
    {% for suffix, column, event_type, actor_type, actor_id, to_value in [
        ('1-created', 'created_at', 'created', 'customer', 'contact_id', "'new'"),
        ('2-replied', 'first_replied_at', 'public_reply', 'agent', 'assignee_id', none),
        ('3-solved', 'solved_at', 'status', 'agent', 'assignee_id', "'solved'"),
        ('4-closed', 'closed_at', 'status', 'system', none, "'closed'"),
    ] %}
        select
            concat(case_id, ':{{ suffix }}') as event_id,
            case_id,
            {{ column }} as occurred_at,
            '{{ event_type }}' as event_type,
            '{{ actor_type }}' as actor_type,
            cast({{ actor_id or 'null' }} as {{ dbt.type_string() }}) as actor_id,
            cast(null as {{ dbt.type_string() }}) as from_value,
            cast({{ to_value or 'null' }} as {{ dbt.type_string() }}) as to_value,
            cast(null as bigint) as handle_seconds,
            greatest({{ column }}, first_known_at) as known_at,
            source
        from silent_cases
        where {{ column }} is not null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- The help desk tells a merge only in the words of the note that it leaves, and by a tag.
merge_notes as (
    select
        merge_audits.case_id,
        min(merge_audits.occurred_at) as occurred_at,
        min(merge_audits.merged_into) as merged_into
    from merge_audits
    inner join tickets
        on merge_audits.case_id = tickets.case_id
    where tickets.is_merged
    group by merge_audits.case_id
),

-- What only the versions of a case tell: that it was deleted, restored or merged, and in what status it is when no
-- event tells any, at the instant of the version.
row_states as (
    select
        generic_versions.case_id,
        generic_versions.is_deleted,
        false as is_merged,
        case
            when not coalesce(cases_with_events.tells_status, false)
                then coalesce(generic_status.status, lower(generic_versions.status))
        end as status,
        generic_versions.updated_at,
        generic_versions.valid_from,
        'generic' as source
    from generic_versions
    left join cases_with_events
        on generic_versions.case_id = cases_with_events.case_id
    left join generic_status
        on lower(generic_versions.status) = generic_status.vendor_value

    union all

    select
        ticket_versions.case_id,
        ticket_versions.is_deleted,
        ticket_versions.is_merged,
        case
            when opened_tickets.case_id is null and not ticket_versions.is_deleted
                then coalesce(zendesk_status.status, lower(ticket_versions.status))
        end as status,
        ticket_versions.updated_at,
        ticket_versions.valid_from,
        'zendesk' as source
    from ticket_versions
    left join opened_tickets
        on ticket_versions.case_id = opened_tickets.case_id
    left join zendesk_status
        on lower(ticket_versions.status) = zendesk_status.vendor_value
),

row_turns as (
    select
        case_id,
        is_deleted,
        is_merged,
        status,
        updated_at,
        source,
        lag(is_deleted, 1, false) over (partition by case_id order by valid_from asc) as was_deleted,
        lag(is_merged, 1, false) over (partition by case_id order by valid_from asc) as was_merged,
        lag(status, 1, 'new') over (partition by case_id order by valid_from asc) as earlier_status
    from row_states
),

row_events as (
    select
        row_turns.case_id,
        row_turns.updated_at as occurred_at,
        row_turns.updated_at as known_at,
        case when row_turns.is_deleted then 'deleted' else 'undeleted' end as event_type,
        cast(null as {{ dbt.type_string() }}) as to_value,
        row_turns.source
    from row_turns
    left join cases_with_events
        on row_turns.case_id = cases_with_events.case_id
    where
        row_turns.is_deleted <> row_turns.was_deleted
        and row_turns.updated_at is not null
        and (
            cases_with_events.told_deletion_at is null
            or (
                row_turns.updated_at > cases_with_events.told_deletion_at
                and row_turns.is_deleted
                and cases_with_events.tells_undeletion
            )
        )

    union all

    select
        case_id,
        updated_at as occurred_at,
        updated_at as known_at,
        'status' as event_type,
        status as to_value,
        source
    from row_turns
    where
        status <> coalesce(earlier_status, 'new')
        and updated_at is not null

    union all

    select
        row_turns.case_id,
        min(coalesce(merge_notes.occurred_at, row_turns.updated_at)) as occurred_at,
        min(row_turns.updated_at) as known_at,
        'merged' as event_type,
        min('zendesk:' || merge_notes.merged_into) as to_value,
        row_turns.source
    from row_turns
    left join merge_notes
        on row_turns.case_id = merge_notes.case_id
    where
        row_turns.is_merged
        and not row_turns.was_merged
        and row_turns.updated_at is not null
    group by row_turns.case_id, row_turns.source
),

versioned_events as (
    select
        concat(case_id, ':', event_type, '-', cast(occurred_at as {{ dbt.type_string() }})) as event_id,
        case_id,
        occurred_at,
        event_type,
        'system' as actor_type,
        cast(null as {{ dbt.type_string() }}) as actor_id,
        cast(null as {{ dbt.type_string() }}) as from_value,
        to_value,
        cast(null as bigint) as handle_seconds,
        greatest(occurred_at, known_at) as known_at,
        source
    from row_events
),

combined as (
    select * from ticket_events
    union all
    select * from mapped_events
    union all
    select * from stand_ins
    union all
    select * from versioned_events
)

select * from combined
where occurred_at < {{ as_of_end() }}
