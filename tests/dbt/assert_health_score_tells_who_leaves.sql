{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'health_backtest'}}}) }}

-- On the newest date that is judged, accounts that churned had lower health scores than accounts that stayed: the AUC
-- is above 0.5. A date with few losses says nothing either way (seed metric_thresholds,
-- health_backtest_minimum_churned).
with

enough_churned as (
    select
        *,
        row_number() over (partition by horizon_days order by as_of_date desc) as dates_back
    from {{ ref('health_backtest') }}
    where
        auc is not null
        and churned >= {{ threshold('health_backtest_minimum_churned') }}
)

select
    as_of_date,
    horizon_days,
    accounts,
    churned,
    auc,
    auc_std_error
from enough_churned
where
    dates_back = 1
    and auc <= 0.5
