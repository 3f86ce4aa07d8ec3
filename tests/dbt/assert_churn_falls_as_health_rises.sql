{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'health_backtest_bands'}}}) }}

-- The churn rate falls as the health score rises: no decile churns more often than one with lower scores. Two
-- neighbours change places by chance; a pair is named here only when the 95 % intervals of the two do not even touch.
with

bands as (
    select * from {{ ref('health_backtest_bands') }}
)

select
    higher_scores.horizon_days,
    higher_scores.score_decile,
    higher_scores.churn_rate,
    higher_scores.churn_rate_lower,
    lower_scores.score_decile as decile_with_lower_scores,
    lower_scores.churn_rate as its_churn_rate,
    lower_scores.churn_rate_upper as its_churn_rate_upper
from bands as higher_scores
inner join bands as lower_scores
    on
        higher_scores.horizon_days = lower_scores.horizon_days
        and higher_scores.score_decile > lower_scores.score_decile
where higher_scores.churn_rate_lower > lower_scores.churn_rate_upper
