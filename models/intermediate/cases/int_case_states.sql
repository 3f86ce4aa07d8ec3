with

cases as (
    select * from {{ ref('int_cases') }}
),

case_events as (
    select * from {{ ref('int_case_events') }}
    where event_type in ('created', 'status', 'deleted', 'undeleted', 'merged')
),

told_cases as (
    select
        case_id,
        max(case when event_type = 'status' then 1 else 0 end) = 1 as tells_status,
        max(case when event_type = 'deleted' then 1 else 0 end) = 1 as tells_deletion
    from case_events
    group by case_id
),

-- Only the first of several creations counts.
creations as (
    select
        case_id,
        event_id,
        occurred_at,
        actor_type,
        to_value,
        row_number() over (partition by case_id order by occurred_at asc, event_id asc) as creation_number
    from case_events
    where event_type = 'created'
),

-- A case begins when its row says so; the event of its creation tells who opened it and in what status.
opened_cases as (
    select
        cases.case_id,
        coalesce(creations.event_id, concat(cases.case_id, ':1-created')) as event_id,
        coalesce(cases.created_at, creations.occurred_at) as created_at,
        coalesce(creations.occurred_at, cases.created_at) as told_at,
        creations.actor_type,
        coalesce(creations.to_value, 'new') as opening_status,
        cases.status as row_status,
        cases.is_deleted,
        cases.updated_at,
        cases.solved_at is null and cases.closed_at is null as is_end_undated,
        coalesce(told_cases.tells_status, false) as tells_status,
        coalesce(told_cases.tells_deletion, false) as tells_deletion
    from cases
    left join creations
        on
            cases.case_id = creations.case_id
            and creations.creation_number = 1
    left join told_cases
        on cases.case_id = told_cases.case_id
    where coalesce(cases.created_at, creations.occurred_at) is not null
),

changes as (
    select
        case_id,
        event_id,
        'created' as event_type,
        created_at as occurred_at,
        told_at,
        actor_type,
        opening_status as status,
        true as is_dated,
        0 as turn
    from opened_cases

    union all

    -- The clocks of several systems differ: what is told to have happened before the case was opened happened then, in
    -- the order in which it was told. A merge closes the case: what else happens at its instant is the merge.
    select
        case_events.case_id,
        case_events.event_id,
        case_events.event_type,
        greatest(case_events.occurred_at, opened_cases.created_at) as occurred_at,
        case_events.occurred_at as told_at,
        case_events.actor_type,
        case when case_events.event_type = 'status' then case_events.to_value end as status,
        true as is_dated,
        case when case_events.event_type = 'merged' then 2 else 3 end as turn
    from case_events
    inner join opened_cases
        on case_events.case_id = opened_cases.case_id
    where
        case_events.event_type <> 'created'
        and (case_events.event_type <> 'status' or case_events.to_value is not null)

    union all

    -- Where only the row tells the status, and not since when, it is that of the whole life.
    select
        case_id,
        concat(case_id, ':5-status') as event_id,
        'status' as event_type,
        created_at as occurred_at,
        created_at as told_at,
        cast(null as {{ dbt.type_string() }}) as actor_type,
        row_status as status,
        false as is_dated,
        1 as turn
    from opened_cases
    where
        updated_at is null
        and is_end_undated
        and row_status <> 'new'
        and not tells_status

    union all

    -- A case that left the system, nobody knows when, was never seen in it.
    select
        case_id,
        concat(case_id, ':6-deleted') as event_id,
        'deleted' as event_type,
        created_at as occurred_at,
        created_at as told_at,
        cast(null as {{ dbt.type_string() }}) as actor_type,
        cast(null as {{ dbt.type_string() }}) as status,
        false as is_dated,
        1 as turn
    from opened_cases
    where
        updated_at is null
        and is_deleted
        and not tells_deletion
),

carried as (
    select
        case_id,
        event_id,
        event_type,
        occurred_at,
        told_at,
        actor_type,
        is_dated,
        row_number() over in_order as sequence,
        lead(occurred_at) over in_order as next_occurred_at,
        {{ last_known('status') }} over so_far as status,
        -- A status that nobody knows neither solves a case nor reopens it.
        {{ last_known(
            'case when ' ~ is_open_status('status') ~ ' then true when ' ~ is_solved_status('status') ~ ' then false end'
        ) }} over so_far as is_unsolved,
        {{ last_known("case event_type when 'deleted' then true when 'undeleted' then false end") }} over so_far
            as is_deleted,
        max(case when event_type = 'merged' then 1 else 0 end) over so_far = 1 as is_merged
    from changes
    window
        in_order as (partition by case_id order by turn > 0 asc, told_at asc, turn asc, event_id asc),
        so_far as (
            partition by case_id
            order by turn > 0 asc, told_at asc, turn asc, event_id asc
            rows between unbounded preceding and current row
        )
),

states as (
    select
        case_id,
        event_id,
        event_type,
        occurred_at,
        told_at,
        coalesce(next_occurred_at, {{ as_of_end() }}) as ends_at,
        next_occurred_at is null as is_current,
        sequence,
        actor_type,
        status,
        coalesce(is_unsolved, true) as is_unsolved,
        coalesce(is_deleted, false) as is_deleted,
        is_merged,
        is_dated
    from carried
)

select * from states
