with

case_events as (
    select * from {{ ref('int_case_events') }}
),

status_events as (
    select
        event_id,
        case_id,
        occurred_at,
        event_type,
        from_value,
        to_value,
        coalesce(known_at, occurred_at) as known_at,
        lag(to_value) over (partition by case_id order by occurred_at, event_id) as earlier_value,
        lag(coalesce(known_at, occurred_at))
            over (partition by case_id order by occurred_at, event_id)
            as earlier_known_at
    from case_events
    where event_type in ('created', 'status')
),

-- Where a change does not say what it changed from, the change before it does.
judged as (
    select
        event_id,
        case_id,
        occurred_at,
        coalesce(
            {{ is_solved_status('coalesce(from_value, earlier_value)') }}
            and {{ is_open_status('to_value') }},
            false
        ) as is_reopen,
        case when from_value is null then greatest(known_at, earlier_known_at) else known_at end as known_at
    from status_events
    where event_type = 'status'
)

-- Changes that reopen nothing stay only where they came late: a late change may be why another is a reopen no more.
select * from judged
where
    is_reopen
    or cast(known_at as date) > cast(occurred_at as date)
