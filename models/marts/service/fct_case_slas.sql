with runs as (

    select * from {{ ref('int_case_sla_runs') }}

),

lives as (

    select * from {{ ref('int_case_lives') }}

),

case_events as (

    select * from {{ ref('int_case_events') }}
    where event_type = 'priority'

),

states as (

    select * from {{ ref('int_case_states') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}

),

-- A number stands for the policy and the metric where halts are joined and added up.
policies as (

    select
        *,
        cast(row_number() over (
            order by policy asc, metric asc, priority asc, support_plan asc, service_process asc
        ) as integer) as policy_row
    from {{ ref('sla_policies') }}

),

segments as (

    select * from {{ ref('int_schedule_segments') }}

),

priority_marks as (

    select
        case_id,
        created_at as starts_at,
        0 as is_change,
        '' as event_id,
        cast(null as {{ dbt.type_string() }}) as from_value,
        lower(priority) as priority
    from lives

    union all

    select
        case_events.case_id,
        greatest(case_events.occurred_at, lives.created_at) as starts_at,
        1 as is_change,
        case_events.event_id,
        lower(case_events.from_value) as from_value,
        lower(case_events.to_value) as priority
    from case_events
    inner join lives on case_events.case_id = lives.case_id

),

ordered_marks as (

    select
        *,
        lead(starts_at) over (partition by case_id order by starts_at asc, is_change asc, event_id asc)
            as next_starts_at,
        lead(from_value) over (partition by case_id order by starts_at asc, is_change asc, event_id asc)
            as next_from_value
    from priority_marks

),

-- What the case began with is what its first change says it changed from; without any change, what it has now. Of
-- several changes at one instant the last counts.
known_marks as (

    select
        case_id,
        starts_at,
        case when is_change = 0 and next_starts_at is not null then next_from_value else priority end as priority
    from ordered_marks
    where next_starts_at is null or starts_at < next_starts_at

),

compared_marks as (

    select
        *,
        lag(starts_at) over (partition by case_id order by starts_at asc) is null as is_first,
        lag(priority) over (partition by case_id order by starts_at asc) as priority_before
    from known_marks

),

priority_spans as (

    select
        case_id,
        starts_at,
        priority,
        coalesce(
            lead(starts_at) over (partition by case_id order by starts_at asc),
            cast('9999-12-31 00:00:00' as timestamp)
        ) as ends_at
    from compared_marks
    where is_first or coalesce(priority, '') <> coalesce(priority_before, '')

),

-- A changed priority completes what runs and attaches another, whose time starts anew.
attachments as (

    select
        runs.case_id,
        runs.metric,
        greatest(runs.starts_at, priority_spans.starts_at) as applied_at,
        case
            when runs.ended_by = 'unknown' then null
            when priority_spans.ends_at < coalesce(runs.ends_at, {{ as_of_end() }}) then priority_spans.ends_at
            else runs.ends_at
        end as completed_at,
        case
            when runs.ended_by = 'unknown' then 'unknown'
            when priority_spans.ends_at < coalesce(runs.ends_at, {{ as_of_end() }}) then 'priority_change'
            else runs.ended_by
        end as completed_by,
        priority_spans.priority
    from runs
    inner join priority_spans on runs.case_id = priority_spans.case_id
    where
        priority_spans.ends_at > runs.starts_at
        and (
            priority_spans.starts_at <= runs.starts_at
            or (
                priority_spans.starts_at < coalesce(runs.ends_at, {{ as_of_end() }})
                and coalesce(runs.ended_by, '') <> 'unknown'
            )
        )

),

-- The support plan of the moment is that of the version of the account known then.
circumstances as (

    select
        attachments.*,
        lives.account_id,
        lives.team,
        lives.assignee_id,
        lives.schedule,
        lives.is_deleted or lives.is_merged as is_left_out,
        coalesce(
            attachments.completed_at,
            case when attachments.completed_by = 'unknown' then attachments.applied_at else {{ as_of_end() }} end
        ) as measured_to,
        coalesce(attachments.priority, '') as priority_word,
        coalesce(lower(account_versions.support_plan), '') as plan_word,
        coalesce(lower(lives.service_process), '') as process_word
    from attachments
    inner join lives on attachments.case_id = lives.case_id
    left join account_versions
        on
            lives.account_id = account_versions.account_id
            and attachments.applied_at >= account_versions.valid_from
            and attachments.applied_at < account_versions.valid_to

),

-- Positions are seconds on the scale that a policy counts on: open ones since the calendar began, or all since 1970.
positioned as (

    select
        circumstances.*,
        {{ open_seconds_until('start_segments', 'circumstances.applied_at') }} as open_start,
        {{ open_seconds_until('end_segments', 'circumstances.measured_to') }} as open_end,
        {{ epoch_seconds('circumstances.applied_at') }} as clock_start,
        {{ epoch_seconds('circumstances.measured_to') }} as clock_end
    from circumstances
    left join segments as start_segments
        on {{ lies_in_segment('start_segments', 'circumstances.schedule', 'circumstances.applied_at') }}
    left join segments as end_segments
        on {{ lies_in_segment('end_segments', 'circumstances.schedule', 'circumstances.measured_to') }}

),

kinds as (

    select distinct
        metric,
        priority_word,
        plan_word,
        process_word
    from circumstances

),

-- The plan weighs more than the priority, and the priority more than the process: no two rows of a policy weigh the
-- same.
fitting_policies as (

    select
        kinds.metric,
        kinds.priority_word,
        kinds.plan_word,
        kinds.process_word,
        policies.policy,
        policies.policy_row,
        policies.commitment,
        policies.calendar,
        policies.target_minutes,
        policies.pausing_statuses,
        row_number() over (
            partition by kinds.metric, kinds.priority_word, kinds.plan_word, kinds.process_word, policies.policy
            order by
                case when policies.support_plan = '*' then 1 else 0 end asc,
                case when policies.priority = '*' then 1 else 0 end asc,
                case when policies.service_process = '*' then 1 else 0 end asc
        ) as fit_number
    from kinds
    inner join policies on kinds.metric = policies.metric
    where
        policies.priority in ('*', kinds.priority_word)
        and policies.support_plan in ('*', kinds.plan_word)
        and policies.service_process in ('*', kinds.process_word)

),

instances as (

    select
        positioned.case_id,
        fitting_policies.policy,
        fitting_policies.policy_row,
        positioned.metric,
        positioned.applied_at,
        fitting_policies.commitment,
        fitting_policies.calendar,
        positioned.account_id,
        positioned.team,
        positioned.assignee_id,
        positioned.priority as priority_applied,
        positioned.is_left_out,
        positioned.completed_at,
        positioned.completed_by,
        positioned.completed_by is null as is_active,
        positioned.measured_to,
        case when fitting_policies.calendar = 'business' then positioned.schedule end as schedule,
        cast(fitting_policies.target_minutes as bigint) * 60 as target_seconds,
        fitting_policies.pausing_statuses,
        case when fitting_policies.calendar = 'calendar' then positioned.clock_start else positioned.open_start end
            as start_position,
        case when fitting_policies.calendar = 'calendar' then positioned.clock_end else positioned.open_end end
            as end_position
    from positioned
    inner join fitting_policies
        on
            positioned.metric = fitting_policies.metric
            and positioned.priority_word = fitting_policies.priority_word
            and positioned.plan_word = fitting_policies.plan_word
            and positioned.process_word = fitting_policies.process_word
    where fitting_policies.fit_number = 1

),

-- Matching a pattern is slow: once for each status, not for each span of one.
pauses as (

    select distinct
        statuses.status,
        policies.pausing_statuses
    from (select distinct status from states) as statuses
    inner join policies
        on concat('|', policies.pausing_statuses, '|') like concat('%|', statuses.status, '|%')

),

-- In some statuses no time runs for some policies; while a case is deleted or merged none runs for any.
halts as (

    select
        states.case_id,
        states.status,
        states.is_deleted or states.is_merged as is_absence,
        states.is_current,
        states.occurred_at as starts_at,
        states.ends_at,
        {{ open_seconds_until('start_segments', 'states.occurred_at') }} as open_start,
        {{ open_seconds_until('end_segments', 'states.ends_at') }} as open_end,
        {{ epoch_seconds('states.occurred_at') }} as clock_start,
        {{ epoch_seconds('states.ends_at') }} as clock_end
    from states
    inner join lives on states.case_id = lives.case_id
    left join segments as start_segments
        on {{ lies_in_segment('start_segments', 'lives.schedule', 'states.occurred_at') }}
    left join segments as end_segments
        on {{ lies_in_segment('end_segments', 'lives.schedule', 'states.ends_at') }}
    where
        states.occurred_at < states.ends_at
        and (
            states.is_deleted
            or states.is_merged
            or states.status in (select pauses.status from pauses)
        )

),

halted_instances as (

    select
        instances.case_id,
        instances.policy_row,
        instances.applied_at,
        instances.target_seconds,
        instances.start_position as first_position,
        halts.is_absence,
        not halts.is_absence and halts.is_current and instances.is_active as is_paused,
        greatest(
            instances.start_position,
            case when instances.calendar = 'calendar' then halts.clock_start else halts.open_start end
        ) as start_position,
        least(
            instances.end_position,
            case when instances.calendar = 'calendar' then halts.clock_end else halts.open_end end
        ) as end_position
    from instances
    inner join halts on instances.case_id = halts.case_id
    left join pauses
        on
            instances.pausing_statuses = pauses.pausing_statuses
            and halts.status = pauses.status
    where
        halts.starts_at < instances.measured_to
        and halts.ends_at > instances.applied_at
        and (halts.is_absence or pauses.status is not null)

),

counted_halts as (

    select
        *,
        start_position - first_position - coalesce(
            sum(end_position - start_position) over (
                partition by case_id, policy_row, applied_at
                order by start_position asc, end_position asc
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as elapsed_before
    from halted_instances

),

-- A halt that begins when the target is already reached does not put its breach off.
halted as (

    select
        case_id,
        policy_row,
        applied_at,
        cast(sum(end_position - start_position) as bigint) as halted_seconds,
        cast(sum(case when is_absence then 0 else end_position - start_position end) as bigint) as paused_seconds,
        cast(sum(case when elapsed_before < target_seconds then end_position - start_position else 0 end) as bigint)
            as halted_in_time_seconds,
        max(case when is_paused then 1 else 0 end) = 1 as is_paused
    from counted_halts
    group by case_id, policy_row, applied_at

),

-- Time outside the calendar of business time is not known, so neither is a sum of which it is a part.
measured as (

    select
        instances.*,
        case
            when instances.completed_by = 'unknown' then null
            when instances.applied_at = instances.measured_to then 0
            else instances.end_position - instances.start_position - coalesce(halted.halted_seconds, 0)
        end as elapsed_seconds,
        coalesce(halted.paused_seconds, 0) as paused_seconds,
        coalesce(halted.is_paused, false) as is_paused,
        instances.start_position + instances.target_seconds + coalesce(halted.halted_in_time_seconds, 0)
            as target_position
    from instances
    left join halted
        on
            instances.case_id = halted.case_id
            and instances.policy_row = halted.policy_row
            and instances.applied_at = halted.applied_at

),

-- When the target is, or was, reached is worth knowing of what was breached and of what runs down.
aims as (

    select
        *,
        elapsed_seconds > target_seconds as is_breached,
        case
            when
                elapsed_seconds > target_seconds
                or (is_active and not is_paused and elapsed_seconds is not null)
                then target_position
        end as breach_position
    from measured

),

positions as (

    {{ open_positions('segments') }}

),

timed as (

    select
        aims.*,
        case
            when aims.calendar = 'calendar' then {{ instant_of('aims.breach_position') }}
            else {{ instant_of_position('positions', 'aims.breach_position') }}
        end as breach_at
    from aims
    left join positions
        on {{ holds_position('positions', 'aims.schedule', 'aims.breach_position') }}

),

decided as (

    select
        *,
        case
            when is_left_out or completed_by = 'cancelled' or is_breached is null then null
            when is_breached then breach_at
            when not is_active then completed_at
        end as decided_at
    from timed

),

final as (

    select
        case_id,
        policy,
        metric,
        applied_at,
        commitment,
        calendar,
        account_id,
        team,
        assignee_id,
        priority_applied,
        target_seconds,
        elapsed_seconds,
        case when elapsed_seconds is not null then paused_seconds end as paused_seconds,
        case when is_active then target_seconds - elapsed_seconds end as remaining_seconds,
        breach_at,
        completed_at,
        completed_by,
        is_active,
        is_paused,
        is_breached,
        case
            when is_left_out or completed_by = 'cancelled' then 'cancelled'
            when is_breached is null then 'unknown'
            when is_breached then 'breached'
            when is_active then 'running'
            else 'met'
        end as outcome,
        decided_at,
        {{ reporting_day('decided_at') }} as decided_on
    from decided

)

select * from final
