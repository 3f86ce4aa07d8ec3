{{ config(meta={'dagster': {'ref': {'name': 'fct_case_slas'}}}) }}

-- Targets of one case, policy and metric follow each other without overlap, and lie within the stretches over which
-- the condition of the metric holds; those of a policy that fits every case fill them. By the clock, elapsed and
-- paused make the whole time of a case that was never out of the system.
with slas as (

    select
        slas.*,
        coalesce(slas.completed_at, {{ as_of_end() }}) as measured_to,
        lead(slas.applied_at) over (
            partition by slas.case_id, slas.policy, slas.metric order by slas.applied_at asc
        ) as next_applied_at
    from {{ ref('fct_case_slas') }} as slas
    where slas.completed_by is null or slas.completed_by <> 'unknown'

),

run_totals as (

    select
        case_id,
        metric,
        sum({{ seconds_from_to('starts_at', 'coalesce(ends_at, ' ~ as_of_end() ~ ')') }}) as run_seconds
    from {{ ref('int_case_sla_runs') }}
    where ended_by is null or ended_by <> 'unknown'
    group by case_id, metric

),

-- The policies of which some row fits every case.
full_policies as (

    select distinct
        policy,
        metric
    from {{ ref('sla_policies') }}
    where
        priority = '*'
        and support_plan = '*'
        and service_process = '*'

),

totals as (

    select
        case_id,
        policy,
        metric,
        sum({{ seconds_from_to('applied_at', 'measured_to') }}) as sla_seconds
    from slas
    group by case_id, policy, metric

),

once_deleted as (

    select distinct case_id
    from {{ ref('int_case_transitions') }}
    where transition = 'deleted'

)

select
    slas.case_id,
    slas.policy,
    slas.metric,
    'overlaps the next' as problem
from slas
where slas.measured_to > slas.next_applied_at

union all

select
    totals.case_id,
    totals.policy,
    totals.metric,
    'covers more or less than its runs' as problem
from totals
left join run_totals
    on
        totals.case_id = run_totals.case_id
        and totals.metric = run_totals.metric
left join full_policies
    on
        totals.policy = full_policies.policy
        and totals.metric = full_policies.metric
where
    totals.sla_seconds > coalesce(run_totals.run_seconds, -1)
    or (full_policies.policy is not null and totals.sla_seconds < run_totals.run_seconds)

union all

select
    run_totals.case_id,
    full_policies.policy,
    run_totals.metric,
    'has no target' as problem
from run_totals
inner join full_policies on run_totals.metric = full_policies.metric
left join totals
    on
        run_totals.case_id = totals.case_id
        and run_totals.metric = totals.metric
        and full_policies.policy = totals.policy
where totals.case_id is null

union all

select
    slas.case_id,
    slas.policy,
    slas.metric,
    'elapsed and paused are not the whole time' as problem
from slas
left join once_deleted on slas.case_id = once_deleted.case_id
where
    slas.calendar = 'calendar'
    and once_deleted.case_id is null
    and slas.elapsed_seconds + slas.paused_seconds <> {{ seconds_from_to('slas.applied_at', 'slas.measured_to') }}
