{{ config(meta={'dagster': {'ref': {'name': 'fct_renewals'}}}) }}

-- Every renewal due up to the running month is in renewal_rates_monthly once: decided in one column, open in another.
with renewals as (

    select
        {{ first_of_month('due_date') }} as month,
        count(*) as renewals,
        sum(case when outcome = 'pending' then 0 else due_arr end) as due_arr
    from {{ ref('fct_renewals') }}
    where due_date < {{ plus_months(first_of_month(as_of_date()), 1) }}
    group by {{ first_of_month('due_date') }}

),

rates as (

    select
        month,
        due_count + pending_count as renewals,
        due_arr
    from {{ ref('renewal_rates_monthly') }}
    where dimension = 'all'

)

select
    coalesce(renewals.month, rates.month) as month,
    renewals.renewals,
    rates.renewals as counted
from renewals
full outer join rates on renewals.month = rates.month
where
    coalesce(renewals.renewals, 0) <> coalesce(rates.renewals, 0)
    or coalesce(renewals.due_arr, 0) <> coalesce(rates.due_arr, 0)
