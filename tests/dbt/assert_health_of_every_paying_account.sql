{{ config(meta={'dagster': {'ref': {'name': 'dim_accounts'}}}) }}

-- Every account with recurring revenue at the end of the as-of date has exactly one health row of that date, and no
-- other account has one.
with

paying as (
    select account_id
    from {{ ref('dim_accounts') }}
    where is_active
),

healthy as (
    select account_id
    from {{ ref('fct_account_health') }}
    where as_of_date = {{ as_of_date() }}
)

select
    paying.account_id as paying_account_id,
    healthy.account_id as health_account_id
from paying
full outer join healthy
    on paying.account_id = healthy.account_id
left join {{ ref('dim_accounts') }} as accounts
    on healthy.account_id = accounts.account_id
where
    healthy.account_id is null
    or (paying.account_id is null and accounts.account_id is not null)
