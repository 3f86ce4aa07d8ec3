{{ config(meta={'dagster': {'ref': {'name': 'activity_metrics_monthly'}}}) }}

-- Every reply of fct_cases and every interaction of a person is in activity_metrics_monthly once: replies under their
-- own kind, interactions together with the notes, calls and chats of cases.
with counted as (

    select
        sum(case when kind = 'reply' then activities else 0 end) as replies,
        sum(case when kind <> 'reply' then activities else 0 end) as others
    from {{ ref('activity_metrics_monthly') }}
    where dimension = 'all'

),

replies as (

    select sum(public_replies) as replies
    from {{ ref('fct_cases') }}
    where not is_deleted and not is_merged

),

-- A reply that was timed, such as a call back, is a reply.
events as (

    select count(*) as others
    from {{ ref('int_case_events') }} as case_events
    inner join {{ ref('fct_cases') }} as cases on case_events.case_id = cases.case_id
    left join {{ ref('int_case_messages') }} as messages
        on
            case_events.event_id = messages.event_id
            and messages.is_reply
    left join {{ ref('dim_agents') }} as agents on case_events.actor_id = agents.agent_id
    where
        not cases.is_deleted
        and not cases.is_merged
        and messages.event_id is null
        and not coalesce(agents.is_bot, false)
        and (
            (case_events.event_type = 'internal_note' and case_events.actor_type = 'agent')
            or (
                case_events.handle_seconds > 0
                and case_events.actor_type <> 'bot'
                and cases.channel in ('phone', 'chat')
            )
        )

),

interactions as (

    select count(*) as others
    from {{ ref('int_interactions') }} as interactions
    left join {{ ref('dim_agents') }} as agents on interactions.owner_id = agents.agent_id
    where
        interactions.deleted_at is null
        and not coalesce(agents.is_bot, false)

)

select
    counted.replies,
    replies.replies as replies_of_cases,
    counted.others,
    events.others + interactions.others as others_told
from counted
cross join replies
cross join events
cross join interactions
where
    coalesce(counted.replies, 0) <> coalesce(replies.replies, 0)
    or coalesce(counted.others, 0) <> events.others + interactions.others
