{{ config(meta={'dagster': {'ref': {'name': 'cost_to_serve_monthly'}}}) }}

-- What accounts cost, and what the cases of nobody cost, is the cost of the month.
with accounts as (

    select
        month,
        sum(cases) as cases,
        sum(case_cost) as cost
    from {{ ref('cost_to_serve_monthly') }}
    group by month

),

nobodys as (

    select
        {{ first_of_month(reporting_day('created_at')) }} as month,
        count(*) as cases,
        sum(case_cost) as cost
    from {{ ref('fct_cases') }}
    where
        account_id is null
        and not is_deleted
        and not is_merged
    group by {{ first_of_month(reporting_day('created_at')) }}

),

service as (

    select
        month,
        cases_created,
        cost
    from {{ ref('service_metrics_monthly') }}
    where dimension = 'all'

)

select
    coalesce(service.month, accounts.month) as month,
    service.cases_created,
    accounts.cases,
    service.cost,
    accounts.cost as cost_of_accounts
from service
full outer join accounts on service.month = accounts.month
left join nobodys on service.month = nobodys.month
where
    service.month is null
    or coalesce(accounts.cases, 0) + coalesce(nobodys.cases, 0) <> service.cases_created
    or coalesce(accounts.cost, 0) + coalesce(nobodys.cost, 0) <> service.cost
