with

cases as (
    select * from {{ ref('int_cases') }}
),

-- Events are many: each of these reads only what it needs, because a shared step would be kept whole in memory.
holder_events as (
    select * from {{ ref('int_case_events') }}
    where event_type in ('assignment', 'team', 'priority')
),

work_events as (
    select * from {{ ref('int_case_events') }}
    where
        handle_seconds > 0
        or event_type = 'internal_note'
),

approval_events as (
    select * from {{ ref('int_case_events') }}
    where event_type in ('approval_requested', 'approved', 'rejected')
),

states as (
    select * from {{ ref('int_case_states') }}
),

transitions as (
    select * from {{ ref('int_case_transitions') }}
),

spans as (
    select * from {{ ref('int_case_status_spans') }}
),

messages as (
    select * from {{ ref('int_case_messages') }}
),

team_schedules as (
    select * from {{ ref('team_schedules') }}
),

-- Where a change does not say what it changed from, the change before it does.
holder_changes as (
    select
        case_id,
        event_type,
        coalesce(from_value, lag(to_value) over in_order) as from_value,
        to_value,
        lead(event_id) over in_order is null as is_last
    from holder_events
    window in_order as (partition by case_id, event_type order by occurred_at asc, event_id asc)
),

holders as (
    select
        case_id,
        sum(case when event_type = 'assignment' and from_value <> to_value then 1 else 0 end) as reassignment_count,
        sum(case when event_type = 'team' and from_value <> to_value then 1 else 0 end) as team_change_count,
        max(case when event_type = 'assignment' and is_last then 1 else 0 end) = 1 as tells_assignee,
        max(case when event_type = 'assignment' and is_last then to_value end) as assignee_id,
        max(case when event_type = 'team' and is_last then 1 else 0 end) = 1 as tells_team,
        max(case when event_type = 'team' and is_last then to_value end) as team,
        max(case when event_type = 'priority' and is_last then 1 else 0 end) = 1 as tells_priority,
        max(case when event_type = 'priority' and is_last then lower(to_value) end) as priority
    from holder_changes
    group by case_id
),

work as (
    select
        case_id,
        sum(case when handle_seconds > 0 then handle_seconds else 0 end) as handle_seconds,
        sum(case when event_type = 'internal_note' then 1 else 0 end) as internal_notes
    from work_events
    group by case_id
),

talks as (
    select
        case_id,
        min(case when is_reply then occurred_at end) as first_reply_at,
        sum(case when is_reply then 1 else 0 end) as public_replies,
        sum(case when author_type = 'customer' then 1 else 0 end) as customer_replies
    from messages
    group by case_id
),

turns as (
    select
        case_id,
        min(case when transition = 'solved' and is_dated then occurred_at end) as first_solved_at,
        max(case when transition = 'solved' and is_dated then occurred_at end) as last_solved_at,
        sum(case when transition = 'reopened' then 1 else 0 end) as reopen_count,
        sum(backlog_change) = 1 as is_open
    from transitions
    group by case_id
),

-- What holds now holds since the last state that was different ended; what nobody dated has no time.
last_states as (
    select
        case_id,
        min(occurred_at) as created_at,
        max(case when event_type = 'created' then actor_type end) as opened_by,
        max(case when is_current then status end) as status,
        max(case when is_current and is_deleted then 1 else 0 end) = 1 as is_deleted,
        max(case when is_current and is_merged then 1 else 0 end) = 1 as is_merged,
        min(case when event_type = 'merged' then occurred_at end) as merged_at,
        coalesce(max(case when status <> 'closed' and not is_merged then ends_at end), min(occurred_at))
            as unclosed_until,
        max(case when not is_deleted then ends_at end) as present_until,
        max(case when event_type = 'status' and not is_dated then 1 else 0 end) = 1 as has_undated_status,
        max(case when event_type = 'deleted' and not is_dated then 1 else 0 end) = 1 as has_undated_deletion
    from states
    group by case_id
),

endings as (
    select
        case_id,
        created_at,
        opened_by,
        case when is_merged then 'closed' else status end as status,
        is_deleted,
        is_merged,
        merged_at,
        case when is_merged or (status = 'closed' and not has_undated_status) then unclosed_until end as closed_at,
        case when is_deleted and not has_undated_deletion then present_until end as deleted_at
    from last_states
),

waits as (
    select
        case_id,
        sum(case when status in ('new', 'open') then {{ seconds_from_to('starts_at', 'ends_at') }} else 0 end)
            as agent_work_seconds,
        sum(case when status = 'on_hold' then {{ seconds_from_to('starts_at', 'ends_at') }} else 0 end)
            as on_hold_seconds
    from spans
    group by case_id
),

approvals as (
    select
        case_id,
        event_id,
        occurred_at,
        event_type = 'approval_requested' as is_request,
        lag(event_type = 'approval_requested', 1, false) over (
            partition by case_id order by occurred_at asc, event_id asc
        ) as was_request
    from approval_events
),

-- Requests in a row are one.
approval_turns as (
    select
        case_id,
        is_request,
        occurred_at,
        lead(occurred_at) over (partition by case_id order by occurred_at asc, event_id asc) as answered_at
    from approvals
    where is_request <> was_request
),

-- A request that nobody answered waits until the case is over.
approval_waits as (
    select
        approval_turns.case_id,
        sum(
            {{ seconds_from_to(
                'approval_turns.occurred_at',
                "coalesce(
                    approval_turns.answered_at,
                    greatest(
                        approval_turns.occurred_at,
                        least(endings.closed_at, endings.deleted_at, " ~ as_of_end() ~ ")
                    )
                )"
            ) }}
        ) as approval_wait_seconds
    from approval_turns
    inner join endings
        on approval_turns.case_id = endings.case_id
    where approval_turns.is_request
    group by approval_turns.case_id
),

lives as (
    select
        cases.case_id,
        cases.source,
        cases.account_id,
        cases.contact_id,
        cases.parent_case_id,
        cases.merged_into_case_id,
        coalesce(endings.status, cases.status) as status,
        case when holders.tells_priority then holders.priority else cases.priority end as priority,
        cases.channel,
        cases.topic,
        cases.product,
        cases.case_type,
        cases.service_process,
        case when holders.tells_team then holders.team else cases.team end as team,
        case when holders.tells_assignee then holders.assignee_id else cases.assignee_id end as assignee_id,
        endings.opened_by,
        coalesce(endings.created_at, cases.created_at) as created_at,
        talks.first_reply_at,
        turns.first_solved_at,
        turns.last_solved_at,
        endings.closed_at,
        endings.merged_at,
        endings.deleted_at,
        coalesce(endings.is_merged, cases.merged_into_case_id is not null) as is_merged,
        coalesce(endings.is_deleted, cases.is_deleted) as is_deleted,
        coalesce(turns.is_open, false) as is_open,
        cast(coalesce(talks.public_replies, 0) as integer) as public_replies,
        cast(coalesce(talks.customer_replies, 0) as integer) as customer_replies,
        cast(coalesce(work.internal_notes, 0) as integer) as internal_notes,
        cast(coalesce(turns.reopen_count, 0) as integer) as reopen_count,
        cast(coalesce(holders.reassignment_count, 0) as integer) as reassignment_count,
        cast(coalesce(holders.team_change_count, 0) as integer) as team_change_count,
        cast(coalesce(waits.agent_work_seconds, 0) as bigint) as agent_work_seconds,
        cast(coalesce(waits.on_hold_seconds, 0) as bigint) as on_hold_seconds,
        cast(coalesce(approval_waits.approval_wait_seconds, 0) as bigint) as approval_wait_seconds,
        cast(coalesce(work.handle_seconds, 0) as bigint) as handle_seconds
    from cases
    left join endings
        on cases.case_id = endings.case_id
    left join turns
        on cases.case_id = turns.case_id
    left join holders
        on cases.case_id = holders.case_id
    left join work
        on cases.case_id = work.case_id
    left join talks
        on cases.case_id = talks.case_id
    left join waits
        on cases.case_id = waits.case_id
    left join approval_waits
        on cases.case_id = approval_waits.case_id
),

scheduled as (
    select
        lives.*,
        coalesce(named_schedules.schedule, default_schedules.schedule) as schedule
    from lives
    left join team_schedules as named_schedules
        on lives.team = named_schedules.team
    left join team_schedules as default_schedules
        on default_schedules.team = 'default'
)

select * from scheduled
