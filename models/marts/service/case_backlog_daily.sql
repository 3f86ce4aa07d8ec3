with cases as (

    select
        case_id,
        coalesce(channel, 'unknown') as channel,
        coalesce(team, 'unknown') as team,
        coalesce(service_process, 'unknown') as service_process,
        case when assignee_id is null then 0 else 1 end as is_assigned,
        {{ reporting_day('created_at') }} as created_on
    from {{ ref('fct_cases') }}
    where created_at is not null

),

transitions as (

    select
        case_id,
        {{ reporting_day('occurred_at') }} as date,
        transition,
        backlog_change
    from {{ ref('int_case_transitions') }}

),

case_events as (

    select
        case_id,
        event_id,
        occurred_at,
        event_type,
        actor_type,
        case when from_value is null then 0 else 1 end as was_assigned,
        case when to_value is null then 0 else 1 end as is_assigned
    from {{ ref('int_case_events') }}
    where
        event_type = 'assignment'
        or actor_type in ('agent', 'customer')

),

assignments as (

    select
        case_id,
        {{ reporting_day('occurred_at') }} as date,
        was_assigned,
        is_assigned,
        lag(is_assigned) over (partition by case_id order by occurred_at, event_id) as earlier_is_assigned
    from case_events
    where event_type = 'assignment'

),

first_assignments as (

    select
        case_id,
        was_assigned
    from assignments
    where earlier_is_assigned is null

),

-- a case begins with the agent from whom its first reassignment took it; one that never changed hands, with that of now
assignment_changes as (

    select
        cases.case_id,
        cases.created_on as date,
        coalesce(first_assignments.was_assigned, cases.is_assigned) as assigned_change
    from cases
    left join first_assignments on cases.case_id = first_assignments.case_id

    union all

    select
        case_id,
        date,
        is_assigned - coalesce(earlier_is_assigned, was_assigned) as assigned_change
    from assignments

),

-- the days on which a case changes: a day without a row ends like the one before; whoever opened a case did something
-- on it, be it through a machine
points as (

    select
        case_id,
        date,
        backlog_change,
        0 as assigned_change,
        case when transition = 'created' then date end as touched_on
    from transitions

    union all

    select
        case_id,
        date,
        0 as backlog_change,
        assigned_change,
        cast(null as date) as touched_on
    from assignment_changes

    union all

    select
        case_id,
        {{ reporting_day('occurred_at') }} as date,
        0 as backlog_change,
        0 as assigned_change,
        {{ reporting_day('occurred_at') }} as touched_on
    from case_events
    where actor_type in ('agent', 'customer')

),

case_days as (

    select
        case_id,
        date,
        cast(sum(backlog_change) as integer) as backlog_change,
        cast(sum(assigned_change) as integer) as assigned_change,
        max(touched_on) as touched_on
    from points
    group by case_id, date

),

-- how a case stands at the end of each such day and of the days until the next
day_ends as (

    select
        case_id,
        date,
        lead(date) over (partition by case_id order by date) as next_date,
        sum(backlog_change) over (
            partition by case_id order by date rows between unbounded preceding and current row
        ) as in_backlog,
        sum(assigned_change) over (
            partition by case_id order by date rows between unbounded preceding and current row
        ) as is_assigned,
        max(touched_on) over (
            partition by case_id order by date rows between unbounded preceding and current row
        ) as last_touched_on
    from case_days

),

backlog_spells as (

    select
        case_id,
        date,
        next_date,
        is_assigned,
        greatest(date, {{ plus_days('last_touched_on', threshold('backlog_stale_days')) }}) as stale_from
    from day_ends
    where in_backlog = 1

),

changes as (

    select
        case_id,
        date,
        transition as measure,
        abs(backlog_change) as change
    from transitions

    union all

    select
        case_id,
        date,
        'unassigned' as measure,
        1 as change
    from backlog_spells
    where is_assigned = 0

    union all

    select
        case_id,
        next_date as date,
        'unassigned' as measure,
        -1 as change
    from backlog_spells
    where
        is_assigned = 0
        and next_date is not null

    union all

    select
        case_id,
        stale_from as date,
        'stale' as measure,
        1 as change
    from backlog_spells
    where
        next_date is null
        or stale_from < next_date

    union all

    select
        case_id,
        next_date as date,
        'stale' as measure,
        -1 as change
    from backlog_spells
    where stale_from < next_date

),

daily_changes as (

    select
        changes.date,
        cases.channel,
        cases.team,
        cases.service_process,
        sum(case when changes.measure = 'created' then changes.change else 0 end) as created,
        sum(case when changes.measure = 'reopened' then changes.change else 0 end) as reopened,
        sum(case when changes.measure = 'undeleted' then changes.change else 0 end) as undeleted,
        sum(case when changes.measure = 'solved' then changes.change else 0 end) as solved,
        sum(case when changes.measure = 'deleted' then changes.change else 0 end) as deleted,
        sum(case when changes.measure = 'merged' then changes.change else 0 end) as merged,
        sum(case when changes.measure = 'unassigned' then changes.change else 0 end) as unassigned,
        sum(case when changes.measure = 'stale' then changes.change else 0 end) as stale
    from changes
    inner join cases on changes.case_id = cases.case_id
    group by changes.date, cases.channel, cases.team, cases.service_process

),

combinations as (

    select
        channel,
        team,
        service_process,
        min(created_on) as first_date
    from cases
    group by channel, team, service_process

),

days as (

    {{ day_spine("(select min(first_date) from combinations)", last_reporting_day()) }}

),

-- every combination of values that ever had a case, on every day since its first one
combination_days as (

    select
        days.date_day,
        combinations.channel,
        combinations.team,
        combinations.service_process
    from combinations
    inner join days on combinations.first_date <= days.date_day

),

daily as (

    select
        combination_days.date_day,
        combination_days.channel,
        combination_days.team,
        combination_days.service_process,
        coalesce(daily_changes.created, 0) as created,
        coalesce(daily_changes.reopened, 0) as reopened,
        coalesce(daily_changes.undeleted, 0) as undeleted,
        coalesce(daily_changes.solved, 0) as solved,
        coalesce(daily_changes.deleted, 0) as deleted,
        coalesce(daily_changes.merged, 0) as merged,
        coalesce(
            daily_changes.created + daily_changes.reopened + daily_changes.undeleted
            - daily_changes.solved - daily_changes.deleted - daily_changes.merged,
            0
        ) as backlog_change,
        coalesce(daily_changes.unassigned, 0) as unassigned_change,
        coalesce(daily_changes.stale, 0) as stale_change
    from combination_days
    left join daily_changes
        on
            combination_days.date_day = daily_changes.date
            and combination_days.channel = daily_changes.channel
            and combination_days.team = daily_changes.team
            and combination_days.service_process = daily_changes.service_process

),

running as (

    select
        *,
        sum(backlog_change) over (
            partition by channel, team, service_process
            order by date_day
            rows between unbounded preceding and current row
        ) as closing_backlog,
        sum(unassigned_change) over (
            partition by channel, team, service_process
            order by date_day
            rows between unbounded preceding and current row
        ) as unassigned,
        sum(stale_change) over (
            partition by channel, team, service_process
            order by date_day
            rows between unbounded preceding and current row
        ) as stale_5_days
    from daily

),

final as (

    select
        date_day as date,
        channel,
        team,
        service_process,
        date_day < {{ reporting_day(as_of_end()) }} as is_complete,
        cast(closing_backlog - backlog_change as bigint) as opening_backlog,
        cast(created as bigint) as created,
        cast(reopened as bigint) as reopened,
        cast(undeleted as bigint) as undeleted,
        cast(solved as bigint) as solved,
        cast(deleted as bigint) as deleted,
        cast(merged as bigint) as merged,
        cast(closing_backlog as bigint) as closing_backlog,
        cast(unassigned as bigint) as unassigned,
        cast(stale_5_days as bigint) as stale_5_days
    from running

)

select * from final
