{{ config(meta={'dagster': {'ref': {'name': 'renewal_forecast_calibration'}}}) }}

-- Each forecast that the back-test judges lies in one probability band: both marts count the same renewals, the same
-- won ones and the same sum of probabilities.
with backtest as (

    select
        horizon_days,
        sum(renewals) as renewals,
        sum(renewed) as renewed,
        sum(expected_renewals) as expected_renewals
    from {{ ref('renewal_forecast_backtest') }}
    group by horizon_days

),

calibration as (

    select
        horizon_days,
        sum(renewals) as renewals,
        sum(renewed) as renewed,
        sum(renewals * mean_probability) as expected_renewals
    from {{ ref('renewal_forecast_calibration') }}
    group by horizon_days

)

select coalesce(backtest.horizon_days, calibration.horizon_days) as horizon_days
from backtest
full outer join calibration on backtest.horizon_days = calibration.horizon_days
where
    backtest.horizon_days is null
    or calibration.horizon_days is null
    or backtest.renewals <> calibration.renewals
    or backtest.renewed <> calibration.renewed
    or abs(backtest.expected_renewals - calibration.expected_renewals) > 0.000001 * backtest.renewals
