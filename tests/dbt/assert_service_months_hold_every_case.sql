{{ config(meta={'dagster': {'ref': {'name': 'service_metrics_monthly'}}}) }}

-- Over all months service_metrics_monthly holds each case that counts once, with its work and its cost; each decided
-- commitment once; and a month closes with the backlog of its last day.
with cases as (

    select * from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged

),

expected as (

    select
        sum(case when created_at is not null then 1 else 0 end) as cases_created,
        sum(case when last_solved_at is not null then 1 else 0 end) as cases_solved,
        sum(case when first_reply_at is not null then first_reply_seconds else 0 end) as first_reply_seconds_sum,
        sum(case when last_solved_at is not null then full_resolution_seconds else 0 end) as resolution_seconds_sum,
        sum(case when is_first_contact_resolution is not null then 1 else 0 end) as fcr_eligible,
        sum(handle_seconds) as handle_seconds_sum,
        sum(case when created_at is not null then case_cost else 0 end) as cost
    from cases

),

commitments as (

    select count(*) as decided
    from {{ ref('fct_case_slas') }} as slas
    inner join cases on slas.case_id = cases.case_id
    where slas.outcome in ('met', 'breached')

),

published as (

    select
        sum(cases_created) as cases_created,
        sum(cases_solved) as cases_solved,
        sum(first_reply_seconds_sum) as first_reply_seconds_sum,
        sum(resolution_seconds_sum) as resolution_seconds_sum,
        sum(fcr_eligible) as fcr_eligible,
        sum(handle_seconds_sum) as handle_seconds_sum,
        sum(cost) as cost,
        sum(sla_met + sla_breached + internal_sla_met + internal_sla_breached) as decided
    from {{ ref('service_metrics_monthly') }}
    where dimension = 'all'

),

month_ends as (

    select
        {{ first_of_month('date') }} as month,
        sum(closing_backlog) as closing_backlog
    from {{ ref('case_backlog_daily') }}
    where date = least({{ plus_days(plus_months(first_of_month('date'), 1), -1) }}, {{ last_reporting_day() }})
    group by {{ first_of_month('date') }}

),

months as (

    select
        month,
        closing_backlog
    from {{ ref('service_metrics_monthly') }}
    where dimension = 'all'

)

select
    'all months' as what,
    cast(null as date) as month
from expected
cross join commitments
cross join published
where
    coalesce(published.cases_created, 0) <> coalesce(expected.cases_created, 0)
    or coalesce(published.cases_solved, 0) <> coalesce(expected.cases_solved, 0)
    or coalesce(published.first_reply_seconds_sum, 0) <> coalesce(expected.first_reply_seconds_sum, 0)
    or coalesce(published.resolution_seconds_sum, 0) <> coalesce(expected.resolution_seconds_sum, 0)
    or coalesce(published.fcr_eligible, 0) <> coalesce(expected.fcr_eligible, 0)
    or coalesce(published.handle_seconds_sum, 0) <> coalesce(expected.handle_seconds_sum, 0)
    or coalesce(published.cost, 0) <> coalesce(expected.cost, 0)
    or coalesce(published.decided, 0) <> commitments.decided

union all

select
    'backlog' as what,
    coalesce(months.month, month_ends.month) as month
from months
full outer join month_ends on months.month = month_ends.month
where coalesce(months.closing_backlog, 0) <> coalesce(month_ends.closing_backlog, 0)
