with

health_dates as (
    select * from {{ ref('int_health_dates') }}
),

settings as (
    select
        {{ threshold('churn_risk_horizon_days') }} as horizon_days,
        {{ threshold('churn_risk_training_months') }} as training_months,
        {{ threshold('churn_risk_backtests') }} as backtests,
        {{ threshold('churn_risk_step_months') }} as step_months
),

-- Month ends whose horizon is over: what became of the accounts is known.
judged_month_ends as (
    select
        health_dates.as_of_date,
        row_number() over (order by health_dates.as_of_date desc) as months_back
    from health_dates
    cross join settings
    where
        {{ first_of_month(plus_days('health_dates.as_of_date', 1)) }} = {{ plus_days('health_dates.as_of_date', 1) }}
        and {{ plus_days('health_dates.as_of_date', 'settings.horizon_days') }} <= {{ as_of_date() }}
),

-- Back-tests a step apart, so that no loss is counted in two of them, and before each as many months as it learns from.
dates as (
    select
        judged_month_ends.as_of_date,
        {{ plus_days('judged_month_ends.as_of_date', 'settings.horizon_days') }} as judged_on,
        mod(judged_month_ends.months_back - 1, settings.step_months) = 0
        and judged_month_ends.months_back <= settings.backtests * settings.step_months as is_backtest,
        false as is_today
    from judged_month_ends
    cross join settings
    where
        judged_month_ends.months_back
        <= settings.backtests * settings.step_months + settings.training_months + settings.horizon_days / 30 + 1

    union all

    select
        {{ as_of_date() }} as as_of_date,
        {{ plus_days(as_of_date(), 'settings.horizon_days') }} as judged_on,
        false as is_backtest,
        true as is_today
    from settings
)

select * from dates
