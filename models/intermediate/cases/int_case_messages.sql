with

case_events as (
    select * from {{ ref('int_case_events') }}
    where
        event_type in ('public_reply', 'customer_reply')
        and actor_type in ('agent', 'customer')
),

openings as (
    select * from {{ ref('int_case_states') }}
    where event_type = 'created'
),

-- A date without a time is the last day, as personnel systems state it; it was cast to that day's first instant.
leavers as (
    select
        agent_id,
        case
            when left_at = cast(cast(left_at as date) as timestamp)
                then cast({{ plus_days('cast(left_at as date)', 1) }} as timestamp)
            else left_at
        end as gone_at
    from {{ ref('int_agents') }}
    where left_at is not null
),

messages as (
    select
        case_events.event_id,
        case_events.case_id,
        greatest(case_events.occurred_at, openings.occurred_at) as occurred_at,
        case_events.occurred_at as told_at,
        case when case_events.event_type = 'customer_reply' then 'customer' else case_events.actor_type end
            as author_type,
        case_events.actor_id,
        case_events.event_type = 'public_reply'
        and case_events.actor_type = 'agent'
        and coalesce(leavers.gone_at > case_events.occurred_at, true) as is_from_us,
        coalesce(
            openings.actor_type = 'agent'
            and case_events.occurred_at <= greatest(openings.occurred_at, openings.told_at),
            false
        ) as may_be_opening
    from case_events
    inner join openings
        on case_events.case_id = openings.case_id
    left join leavers
        on case_events.actor_id = leavers.agent_id
),

-- What an agent opens a case with is a message and no answer: one, at the instant at which the case is opened.
counted as (
    select
        event_id,
        case_id,
        occurred_at,
        author_type,
        actor_id,
        is_from_us,
        sum(case when is_from_us then 1 else 0 end) over so_far as messages_from_us,
        max(case when is_from_us and may_be_opening then 1 else 0 end) over so_far as openings_from_us
    from messages
    window so_far as (
        partition by case_id
        order by told_at asc, event_id asc
        rows between unbounded preceding and current row
    )
),

replies as (
    select
        event_id,
        case_id,
        occurred_at,
        author_type,
        actor_id,
        is_from_us and messages_from_us > openings_from_us as is_reply,
        cast(
            case when is_from_us and messages_from_us > openings_from_us then messages_from_us - openings_from_us end
            as integer
        ) as reply_number
    from counted
)

select * from replies
