{{ config(meta={'dagster': {'ref': {'name': 'adoption_rates_monthly'}}}) }}

-- Every account's month of a product is counted once: as entitled, on trial or neither; those who adopt use, and those
-- who use are entitled; unused seats and people together are no fewer than the seats.
with account_months as (

    select
        product,
        month,
        count(*) as row_count,
        sum(case when is_entitled then 1 else 0 end) as entitled,
        sum(case when is_adopted then 1 else 0 end) as adopted,
        sum(case when is_adopted and not is_entitled then 1 else 0 end) as adopted_without_right,
        sum(case when is_adopted is null and is_usage_known then 1 else 0 end) as undecided,
        sum(unused_seats) as unused_seats
    from {{ ref('product_adoption_monthly') }}
    group by product, month

),

rates as (

    select * from {{ ref('adoption_rates_monthly') }}

)

select
    coalesce(account_months.product, rates.product) as product,
    coalesce(account_months.month, rates.month) as month,
    account_months.row_count,
    account_months.entitled,
    rates.entitled_accounts,
    account_months.adopted,
    rates.adopting_accounts
from account_months
full outer join rates
    on
        account_months.product = rates.product
        and account_months.month = rates.month
where
    account_months.product is null
    or rates.product is null
    or account_months.row_count <> rates.entitled_accounts + rates.trial_accounts + rates.unentitled_accounts
    or account_months.entitled <> rates.entitled_accounts
    or account_months.adopted <> coalesce(rates.adopting_accounts, 0)
    or account_months.adopted_without_right > 0
    or account_months.undecided > 0
    or coalesce(account_months.unused_seats, 0) <> coalesce(rates.unused_seats, 0)
    or rates.adopting_accounts > rates.using_accounts
    or rates.using_accounts > rates.entitled_accounts
    or rates.seated_active_users + rates.unused_seats < rates.licensed_seats
    or (rates.adopting_accounts is null) = rates.is_usage_known
