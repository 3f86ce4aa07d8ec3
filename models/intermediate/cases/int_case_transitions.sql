with

states as (
    select * from {{ ref('int_case_states') }}
),

compared as (
    select
        case_id,
        occurred_at,
        event_id,
        event_type,
        sequence,
        is_dated,
        is_unsolved,
        is_deleted,
        is_merged,
        lag(is_unsolved, 1, true) over (partition by case_id order by sequence asc) as was_unsolved,
        lag(is_deleted, 1, false) over (partition by case_id order by sequence asc) as was_deleted,
        lag(is_merged, 1, false) over (partition by case_id order by sequence asc) as was_merged
    from states
),

named as (
    select
        case_id,
        occurred_at,
        event_id,
        sequence,
        is_dated,
        is_unsolved,
        case
            when event_type = 'created' then 'created'
            when was_merged then null
            when is_merged then 'merged'
            when is_deleted and not was_deleted then 'deleted'
            when was_deleted and not is_deleted then 'undeleted'
            when is_deleted then null
            when was_unsolved and not is_unsolved then 'solved'
            when is_unsolved and not was_unsolved then 'reopened'
        end as transition,
        case when event_type <> 'created' and was_unsolved and not was_deleted and not was_merged then 1 else 0 end
            as backlog_before,
        case when event_type = 'created' or (is_unsolved and not is_deleted and not is_merged) then 1 else 0 end
            as backlog_after
    from compared
),

-- A case that came in solved, such as a call that is logged afterwards, was opened and solved at once.
transitions as (
    select
        case_id,
        occurred_at,
        event_id,
        transition,
        cast(backlog_after - backlog_before as integer) as backlog_change,
        cast(2 * sequence - 1 as integer) as sequence,
        is_dated
    from named
    where transition is not null

    union all

    select
        case_id,
        occurred_at,
        concat(event_id, ':solved') as event_id,
        'solved' as transition,
        cast(-1 as integer) as backlog_change,
        cast(2 * sequence as integer) as sequence,
        is_dated
    from named
    where
        transition = 'created'
        and not is_unsolved
)

select * from transitions
