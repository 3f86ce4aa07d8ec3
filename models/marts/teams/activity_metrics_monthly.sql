with

interactions as (
    select * from {{ ref('int_interactions') }}
    where deleted_at is null
),

case_events as (
    select * from {{ ref('int_case_events') }}
    where
        actor_type <> 'bot'
        and (
            event_type in ('public_reply', 'internal_note')
            or handle_seconds > 0
        )
),

replies as (
    select * from {{ ref('int_case_messages') }}
    where is_reply
),

cases as (
    select * from {{ ref('fct_cases') }}
    where not is_deleted and not is_merged
),

agents as (
    select * from {{ ref('dim_agents') }}
),

account_versions as (
    select * from {{ ref('int_account_versions') }}
),

-- One event is one activity. A call or chat in a case is told by its handling time; the time spent on other channels
-- belongs to messages that are counted themselves.
case_activities as (
    select
        case
            when replies.event_id is not null then 'reply'
            when case_events.event_type = 'internal_note' and case_events.actor_type = 'agent' then 'note'
            when case_events.handle_seconds > 0 and cases.channel = 'phone' then 'call'
            when case_events.handle_seconds > 0 and cases.channel = 'chat' then 'chat'
        end as kind,
        coalesce(replies.occurred_at, case_events.occurred_at) as occurred_at,
        case_events.actor_id as agent_id,
        cases.account_id,
        case_events.handle_seconds as duration_seconds
    from case_events
    inner join cases
        on case_events.case_id = cases.case_id
    left join replies
        on case_events.event_id = replies.event_id
),

activities as (
    select
        kind,
        occurred_at,
        agent_id,
        account_id,
        duration_seconds
    from case_activities
    where kind is not null

    union all

    select
        coalesce(kind, 'unknown') as kind,
        occurred_at,
        owner_id as agent_id,
        account_id,
        duration_seconds
    from interactions
),

placed as (
    select
        activities.kind,
        activities.account_id,
        activities.duration_seconds,
        {{ first_of_month(reporting_day('activities.occurred_at')) }} as month,
        coalesce(agents.team, 'unknown') as team,
        coalesce(account_versions.segment, 'unknown') as segment
    from activities
    left join agents
        on activities.agent_id = agents.agent_id
    left join account_versions
        on
            activities.account_id = account_versions.account_id
            and activities.occurred_at >= account_versions.valid_from
            and activities.occurred_at < account_versions.valid_to
    where not coalesce(agents.is_bot, false)
),

counted as (
    {{ by_dimension(
        'placed',
        keys=['month', 'kind'],
        measures=[
            'count(*) as activities',
            'sum(duration_seconds) as duration_seconds_sum',
            'count(distinct account_id) as accounts_touched',
        ],
        dimensions=['team', 'segment']
    ) }}
),

final as (
    select
        month,
        kind,
        dimension,
        dimension_value,
        {{ is_reporting_month_complete('month') }} as is_complete,
        cast(activities as bigint) as activities,
        cast(coalesce(duration_seconds_sum, 0) as bigint) as duration_seconds_sum,
        cast(accounts_touched as bigint) as accounts_touched
    from counted
)

select * from final
