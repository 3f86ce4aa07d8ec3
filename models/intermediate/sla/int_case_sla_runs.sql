with states as (

    select * from {{ ref('int_case_states') }}

),

messages as (

    select * from {{ ref('int_case_messages') }}

),

case_events as (

    select * from {{ ref('int_case_events') }}
    where event_type in ('approval_requested', 'approved', 'rejected')

),

-- What is promised ends for good where a case is deleted or merged and has not come back.
lives as (

    select
        case_id,
        min(occurred_at) as created_at,
        case
            when max(case when is_current and (is_deleted or is_merged) then 1 else 0 end) = 1
                then max(case when not is_deleted and not is_merged then ends_at end)
        end as gone_at
    from states
    group by case_id

),

-- Being solved and being unsolved, as far as the case is in the system: one that comes back solved was solved by then.
live_states as (

    select
        *,
        lag(is_unsolved) over (partition by case_id order by sequence asc) as was_unsolved,
        lead(occurred_at) over (partition by case_id order by sequence asc) as next_live_at
    from states
    where not is_deleted and not is_merged

),

absences as (

    select
        case_id,
        ends_at as left_at,
        next_live_at as restored_at
    from live_states
    where next_live_at > ends_at

),

turns as (

    select
        case_id,
        occurred_at,
        is_unsolved,
        is_dated,
        was_unsolved is null as is_first,
        lead(occurred_at) over (partition by case_id order by sequence asc) as next_occurred_at,
        lead(is_dated) over (partition by case_id order by sequence asc) as next_is_dated,
        lead(occurred_at, 2) over (partition by case_id order by sequence asc) as second_next_occurred_at
    from live_states
    where was_unsolved is null or is_unsolved <> was_unsolved

),

-- A case that comes in solved, such as a call that is logged afterwards, took no time. Where a case is opened, solved
-- and reopened at one instant, the last of it holds.
resolution_runs as (

    select
        case_id,
        'resolution' as metric,
        occurred_at as starts_at,
        case when is_unsolved then next_occurred_at else occurred_at end as stops_at,
        case
            when not is_unsolved or next_is_dated then 'stop'
            when not next_is_dated then 'unknown'
        end as ended_by
    from turns
    where
        (is_first or is_unsolved)
        and coalesce(
            case when is_unsolved then second_next_occurred_at else next_occurred_at end <> occurred_at,
            true
        )

),

first_solutions as (

    select
        case_id,
        min(case when is_first then occurred_at end) as starts_at,
        min(case when not is_unsolved and is_dated then occurred_at end) as solved_at,
        max(case when not is_unsolved and not is_dated then 1 else 0 end) = 1 as is_solved_some_time
    from turns
    group by case_id

),

first_replies as (

    select
        case_id,
        min(occurred_at) as replied_at
    from messages
    where is_reply
    group by case_id

),

-- Solving a case answers what was asked, with or without a message.
first_reply_runs as (

    select
        first_solutions.case_id,
        'first_reply' as metric,
        first_solutions.starts_at,
        least(
            coalesce(first_replies.replied_at, first_solutions.solved_at),
            coalesce(first_solutions.solved_at, first_replies.replied_at)
        ) as stops_at,
        case
            when
                first_replies.replied_at <= first_solutions.solved_at
                or (first_replies.replied_at is not null and first_solutions.solved_at is null)
                then 'stop'
            when first_solutions.solved_at is not null then 'solved'
            when first_solutions.is_solved_some_time then 'unknown'
        end as ended_by
    from first_solutions
    left join first_replies on first_solutions.case_id = first_replies.case_id

),

-- Both wait from a question to its answer. A customer's message before the first reply adds nothing to the waiting for
-- that.
happenings as (

    select
        messages.case_id,
        'next_reply' as metric,
        messages.occurred_at,
        case when messages.author_type = 'customer' then 1 else 0 end as is_question,
        case when messages.is_reply then 1 else 0 end as is_answer
    from messages
    inner join first_reply_runs on messages.case_id = first_reply_runs.case_id
    where
        messages.is_reply
        or (messages.author_type = 'customer' and messages.occurred_at > first_reply_runs.stops_at)

    union all

    select
        case_events.case_id,
        'approval' as metric,
        greatest(case_events.occurred_at, lives.created_at) as occurred_at,
        case when case_events.event_type = 'approval_requested' then 1 else 0 end as is_question,
        case when case_events.event_type = 'approval_requested' then 0 else 1 end as is_answer
    from case_events
    inner join lives on case_events.case_id = lives.case_id

),

asked_cases as (

    select distinct
        case_id,
        metric
    from happenings
    where is_question = 1

),

steps as (

    select
        happenings.case_id,
        happenings.metric,
        happenings.occurred_at,
        happenings.is_question,
        happenings.is_answer,
        0 as is_solution,
        cast(null as integer) as is_unsolved
    from happenings
    inner join asked_cases
        on
            happenings.case_id = asked_cases.case_id
            and happenings.metric = asked_cases.metric

    union all

    select
        turns.case_id,
        asked_cases.metric,
        turns.occurred_at,
        0 as is_question,
        0 as is_answer,
        case when turns.is_unsolved then 0 else 1 end as is_solution,
        case
            when turns.next_occurred_at = turns.occurred_at then null
            when turns.is_unsolved then 1
            else 0
        end as is_unsolved
    from turns
    inner join asked_cases on turns.case_id = asked_cases.case_id

),

-- What is asked, answered and solved at one instant is one step: it was asked first.
instants as (

    select
        case_id,
        metric,
        occurred_at,
        max(is_answer) as is_answer,
        case
            when max(is_answer) = 1 or max(is_solution) = 1 then 0
            when max(is_question) = 1 then 1
        end as is_unanswered,
        max(is_unsolved) as is_unsolved
    from steps
    group by case_id, metric, occurred_at

),

-- Nobody owes an answer while the case is solved; what is asked then is owed from the reopening on.
waits as (

    select
        case_id,
        metric,
        occurred_at,
        is_answer,
        coalesce({{ last_known('is_unanswered') }} over (
            partition by case_id, metric
            order by occurred_at asc
            rows between unbounded preceding and current row
        ), 0) * coalesce({{ last_known('is_unsolved') }} over (
            partition by case_id, metric
            order by occurred_at asc
            rows between unbounded preceding and current row
        ), 0) as is_waiting
    from instants

),

changed_waits as (

    select
        *,
        coalesce(lag(is_waiting) over (partition by case_id, metric order by occurred_at asc), 0) as was_waiting
    from waits

),

wait_edges as (

    select
        case_id,
        metric,
        occurred_at,
        is_waiting,
        lead(occurred_at) over (partition by case_id, metric order by occurred_at asc) as stops_at,
        lead(is_answer) over (partition by case_id, metric order by occurred_at asc) as stops_with_answer
    from changed_waits
    where is_waiting <> was_waiting

),

-- What is asked while the case is deleted is owed from its restoring on.
wait_runs as (

    select
        wait_edges.case_id,
        wait_edges.metric,
        coalesce(absences.restored_at, wait_edges.occurred_at) as starts_at,
        wait_edges.stops_at,
        case wait_edges.stops_with_answer when 1 then 'stop' when 0 then 'solved' end as ended_by
    from wait_edges
    left join absences
        on
            wait_edges.case_id = absences.case_id
            and wait_edges.occurred_at >= absences.left_at
            and wait_edges.occurred_at < absences.restored_at
    where
        wait_edges.is_waiting = 1
        and (absences.restored_at is null or wait_edges.stops_at is null or wait_edges.stops_at > absences.restored_at)

),

combined as (

    select * from resolution_runs
    union all
    select * from first_reply_runs
    union all
    select * from wait_runs

),

final as (

    select
        combined.case_id,
        combined.metric,
        combined.starts_at,
        case
            when combined.stops_at > lives.gone_at or combined.ended_by is null then lives.gone_at
            when combined.ended_by <> 'unknown' then combined.stops_at
        end as ends_at,
        case
            when combined.stops_at > lives.gone_at or (combined.ended_by is null and lives.gone_at is not null)
                then 'cancelled'
            else combined.ended_by
        end as ended_by
    from combined
    inner join lives on combined.case_id = lives.case_id
    where
        lives.gone_at is null
        or combined.starts_at < lives.gone_at

)

select * from final
