{{ config(meta={'dagster': {'ref': {'name': 'health_backtest_bands'}}}) }}

-- Each account that health_backtest judges lies in one decile: both marts count the same accounts and losses.
with

dates as (
    select
        horizon_days,
        sum(accounts) as accounts,
        sum(churned) as churned
    from {{ ref('health_backtest') }}
    where accounts > 0
    group by horizon_days
),

bands as (
    select
        horizon_days,
        sum(accounts) as accounts,
        sum(churned) as churned
    from {{ ref('health_backtest_bands') }}
    group by horizon_days
)

select coalesce(dates.horizon_days, bands.horizon_days) as horizon_days
from dates
full outer join bands on dates.horizon_days = bands.horizon_days
where
    dates.horizon_days is null
    or bands.horizon_days is null
    or dates.accounts <> bands.accounts
    or dates.churned <> bands.churned
