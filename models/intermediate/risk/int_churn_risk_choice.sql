with

backtest as (
    select * from {{ ref('churn_risk_backtest') }}
),

dates as (
    select * from {{ ref('int_churn_risk_dates') }}
    where is_backtest or is_today
),

-- What could be known on a date of how well each model does: the back-tests whose horizon was over by then.
track_records as (
    select
        dates.as_of_date,
        backtest.model,
        count(*) as backtests,
        avg(backtest.auc) as mean_auc,
        sum(backtest.brier_score * backtest.accounts) / sum(backtest.accounts) as brier_score
    from dates
    inner join backtest
        on {{ plus_days('backtest.as_of_date', 'backtest.horizon_days') }} <= dates.as_of_date
    group by dates.as_of_date, backtest.model
),

compared as (
    select
        dates.as_of_date,
        logistic.backtests,
        logistic.mean_auc as logistic_auc,
        health.mean_auc as health_score_auc,
        logistic.brier_score as logistic_brier_score,
        health.brier_score as health_score_brier_score
    from dates
    left join track_records as logistic
        on
            dates.as_of_date = logistic.as_of_date
            and logistic.model = 'logistic'
    left join track_records as health
        on
            dates.as_of_date = health.as_of_date
            and health.model = 'health_score'
),

-- Without a track record the model that asks for less trust is used. Only what is better on both counts is better.
final as (
    select
        *,
        case
            when logistic_auc > health_score_auc and logistic_brier_score < health_score_brier_score then 'logistic'
            else 'health_score'
        end as model
    from compared
)

select * from final
