{{ config(meta={'dagster': {'ref': {'name': 'fct_case_slas'}}}) }}

-- Wherever the condition of a metric begins to hold, each policy with a row that fits the case at that instant
-- attaches there, and with one of the fitting targets; no other policy does. The priority of the instant is looked up
-- here in the newest change up to it.
with runs as (

    select
        runs.case_id,
        runs.metric,
        runs.starts_at,
        cases.account_id,
        lower(cases.priority) as priority,
        coalesce(lower(cases.service_process), '') as service_process
    from {{ ref('int_case_sla_runs') }} as runs
    inner join {{ ref('fct_cases') }} as cases on runs.case_id = cases.case_id

),

changes as (

    select
        case_id,
        occurred_at,
        event_id,
        lower(from_value) as from_value,
        lower(to_value) as to_value,
        row_number() over (partition by case_id order by occurred_at asc, event_id asc) as change_number
    from {{ ref('int_case_events') }}
    where event_type = 'priority'

),

last_changes as (

    select
        runs.case_id,
        runs.metric,
        runs.starts_at,
        changes.to_value,
        row_number() over (
            partition by runs.case_id, runs.metric, runs.starts_at
            order by changes.occurred_at desc, changes.event_id desc
        ) as newest
    from runs
    inner join changes on runs.case_id = changes.case_id
    where changes.occurred_at <= runs.starts_at

),

moments as (

    select
        runs.case_id,
        runs.metric,
        runs.starts_at,
        runs.service_process,
        coalesce(lower(account_versions.support_plan), '') as support_plan,
        coalesce(
            case
                when last_changes.case_id is not null then last_changes.to_value
                when first_changes.case_id is not null then first_changes.from_value
                else runs.priority
            end,
            ''
        ) as priority
    from runs
    left join last_changes
        on
            runs.case_id = last_changes.case_id
            and runs.metric = last_changes.metric
            and runs.starts_at = last_changes.starts_at
            and last_changes.newest = 1
    left join changes as first_changes
        on
            runs.case_id = first_changes.case_id
            and first_changes.change_number = 1
    left join {{ ref('int_account_versions') }} as account_versions
        on
            runs.account_id = account_versions.account_id
            and runs.starts_at >= account_versions.valid_from
            and runs.starts_at < account_versions.valid_to

),

expected as (

    select distinct
        moments.case_id,
        moments.metric,
        moments.starts_at,
        policies.policy,
        policies.target_minutes * 60 as target_seconds
    from moments
    inner join {{ ref('sla_policies') }} as policies
        on
            moments.metric = policies.metric
            and policies.priority in ('*', moments.priority)
            and policies.support_plan in ('*', moments.support_plan)
            and policies.service_process in ('*', moments.service_process)

),

attached as (

    select
        slas.case_id,
        slas.metric,
        slas.applied_at as starts_at,
        slas.policy,
        slas.target_seconds
    from {{ ref('fct_case_slas') }} as slas
    inner join runs
        on
            slas.case_id = runs.case_id
            and slas.metric = runs.metric
            and slas.applied_at = runs.starts_at

)

select
    coalesce(expected.case_id, attached.case_id) as case_id,
    coalesce(expected.metric, attached.metric) as metric,
    coalesce(expected.policy, attached.policy) as policy,
    coalesce(expected.starts_at, attached.starts_at) as starts_at
from expected
full join attached
    on
        expected.case_id = attached.case_id
        and expected.metric = attached.metric
        and expected.starts_at = attached.starts_at
        and expected.policy = attached.policy
group by
    coalesce(expected.case_id, attached.case_id),
    coalesce(expected.metric, attached.metric),
    coalesce(expected.policy, attached.policy),
    coalesce(expected.starts_at, attached.starts_at)
having
    count(attached.case_id) = 0
    or count(case when expected.target_seconds = attached.target_seconds then 1 end) = 0
