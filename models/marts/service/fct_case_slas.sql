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

status_spans as (

    select * from {{ ref('int_case_status_spans') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}

),

-- A number stands for the policy and the metric where pieces of time are joined and added up.
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
        circumstances.case_id,
        fitting_policies.policy,
        fitting_policies.policy_row,
        circumstances.metric,
        circumstances.applied_at,
        fitting_policies.commitment,
        fitting_policies.calendar,
        circumstances.account_id,
        circumstances.team,
        circumstances.assignee_id,
        circumstances.priority as priority_applied,
        circumstances.is_left_out,
        circumstances.completed_at,
        circumstances.completed_by,
        coalesce(
            circumstances.completed_at,
            case when circumstances.completed_by = 'unknown' then circumstances.applied_at else {{ as_of_end() }} end
        ) as measured_to,
        cast(fitting_policies.target_minutes as bigint) * 60 as target_seconds,
        concat('|', coalesce(fitting_policies.pausing_statuses, ''), '|') as pausing_statuses,
        case when fitting_policies.calendar = 'business' then circumstances.schedule end as schedule
    from circumstances
    inner join fitting_policies
        on
            circumstances.metric = fitting_policies.metric
            and circumstances.priority_word = fitting_policies.priority_word
            and circumstances.plan_word = fitting_policies.plan_word
            and circumstances.process_word = fitting_policies.process_word
    where fitting_policies.fit_number = 1

),

pieces as (

    select
        instances.case_id,
        instances.policy_row,
        instances.applied_at,
        instances.calendar,
        instances.schedule,
        greatest(instances.applied_at, status_spans.starts_at) as starts_at,
        least(instances.measured_to, status_spans.ends_at) as ends_at,
        -- Matching a pattern is slow, and most policies never pause.
        instances.pausing_statuses <> '||'
        and instances.pausing_statuses like concat('%|', status_spans.status, '|%') as is_paused,
        instances.completed_by is null and status_spans.is_current as is_running
    from instances
    inner join status_spans on instances.case_id = status_spans.case_id
    where
        status_spans.starts_at < instances.measured_to
        and status_spans.ends_at > instances.applied_at

),

-- Positions are seconds on the scale that the policy counts on: since 1970, or open ones since the calendar began.
positioned as (

    select
        pieces.case_id,
        pieces.policy_row,
        pieces.applied_at,
        pieces.is_paused,
        pieces.is_running,
        case
            when pieces.calendar = 'calendar' then {{ epoch_seconds('pieces.starts_at') }}
            else {{ open_seconds_until('start_segments', 'pieces.starts_at') }}
        end as start_position,
        case
            when pieces.calendar = 'calendar' then {{ epoch_seconds('pieces.ends_at') }}
            else {{ open_seconds_until('end_segments', 'pieces.ends_at') }}
        end as end_position
    from pieces
    left join segments as start_segments
        on {{ lies_in_segment('start_segments', 'pieces.schedule', 'pieces.starts_at') }}
    left join segments as end_segments
        on {{ lies_in_segment('end_segments', 'pieces.schedule', 'pieces.ends_at') }}

),

-- Time outside the calendar of business time is not known, so neither is a sum of which it is a part.
measured as (

    select
        case_id,
        policy_row,
        applied_at,
        max(case when end_position - start_position is null then 1 else 0 end) = 1 as is_unknown,
        sum(case when is_paused then 0 else end_position - start_position end) as elapsed_seconds,
        sum(case when is_paused then end_position - start_position else 0 end) as paused_seconds,
        max(case when is_running and is_paused then 1 else 0 end) = 1 as is_paused
    from positioned
    group by case_id, policy_row, applied_at

),

judged as (

    select
        instances.*,
        case
            when instances.completed_by = 'unknown' or measured.is_unknown then null
            else coalesce(measured.elapsed_seconds, 0)
        end as elapsed_seconds,
        case
            when instances.completed_by = 'unknown' or measured.is_unknown then null
            else coalesce(measured.paused_seconds, 0)
        end as paused_seconds,
        coalesce(measured.is_paused, false) as is_paused,
        instances.completed_by is null as is_active
    from instances
    left join measured
        on
            instances.case_id = measured.case_id
            and instances.policy_row = measured.policy_row
            and instances.applied_at = measured.applied_at

),

-- When the target is, or was, reached is worth knowing of what was breached and of what runs down.
aims as (

    select
        case_id,
        policy_row,
        applied_at,
        calendar,
        schedule,
        target_seconds
    from judged
    where
        elapsed_seconds > target_seconds
        or (is_active and not is_paused and elapsed_seconds is not null)

),

counted as (

    select
        aims.case_id,
        aims.policy_row,
        aims.applied_at,
        aims.calendar,
        aims.schedule,
        aims.target_seconds,
        positioned.is_paused,
        positioned.is_running,
        positioned.start_position,
        positioned.end_position,
        coalesce(
            sum(
                case when positioned.is_paused then 0 else positioned.end_position - positioned.start_position end
            ) over (
                partition by positioned.case_id, positioned.policy_row, positioned.applied_at
                order by positioned.start_position asc, positioned.end_position asc
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as elapsed_before
    from aims
    inner join positioned
        on
            aims.case_id = positioned.case_id
            and aims.policy_row = positioned.policy_row
            and aims.applied_at = positioned.applied_at

),

-- In the first piece that holds enough seconds, or in the one that is still running.
reached as (

    select
        case_id,
        policy_row,
        applied_at,
        calendar,
        schedule,
        start_position + target_seconds - elapsed_before as breach_position
    from counted
    where
        not is_paused
        and elapsed_before < target_seconds
        and (is_running or elapsed_before + end_position - start_position >= target_seconds)

),

positions as (

    {{ open_positions('segments') }}

),

breaches as (

    select
        reached.case_id,
        reached.policy_row,
        reached.applied_at,
        case
            when reached.calendar = 'calendar' then {{ instant_of('reached.breach_position') }}
            else {{ instant_of_position('positions', 'reached.breach_position') }}
        end as breach_at
    from reached
    left join positions
        on {{ holds_position('positions', 'reached.schedule', 'reached.breach_position') }}

),

timed as (

    select
        judged.*,
        judged.elapsed_seconds > judged.target_seconds as is_breached,
        breaches.breach_at
    from judged
    left join breaches
        on
            judged.case_id = breaches.case_id
            and judged.policy_row = breaches.policy_row
            and judged.applied_at = breaches.applied_at

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
        cast(target_seconds as bigint) as target_seconds,
        cast(elapsed_seconds as bigint) as elapsed_seconds,
        cast(paused_seconds as bigint) as paused_seconds,
        cast(case when is_active then target_seconds - elapsed_seconds end as bigint) as remaining_seconds,
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
        case
            when is_left_out or completed_by = 'cancelled' or is_breached is null then null
            when is_breached then breach_at
            when not is_active then completed_at
        end as decided_at
    from timed

)

select * from final
