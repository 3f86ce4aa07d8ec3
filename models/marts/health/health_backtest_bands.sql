with

deciles as (
    select * from {{ ref('int_health_backtest_deciles') }}
    where score_decile > 0
),

-- Dates lie closer together than their horizons are long, so a loss is seen from several of them.
repeats as (
    select
        horizon_days,
        coalesce({{ exact_rate('sum(churned)', 'sum(losses)') }}, 1) as dates_per_loss
    from deciles
    group by horizon_days
),

counted as (
    select
        horizon_days,
        score_decile,
        sum(accounts) as accounts,
        sum(churned) as churned,
        min(score_from) as score_from,
        max(score_to) as score_to,
        sum(score_sum) as score_sum
    from deciles
    group by horizon_days, score_decile
),

-- What is seen several times is no more evidence than what is seen once: the interval is that of fewer accounts.
evidence as (
    select
        counted.*,
        repeats.dates_per_loss,
        counted.accounts / repeats.dates_per_loss as accounts_once,
        counted.churned / repeats.dates_per_loss as churned_once
    from counted
    inner join repeats
        on counted.horizon_days = repeats.horizon_days
),

final as (
    select
        cast(horizon_days as integer) as horizon_days,
        score_decile,
        cast(accounts as bigint) as accounts,
        cast(churned as bigint) as churned,
        {{ exact_rate('churned', 'accounts') }} as churn_rate,
        {{ wilson_bound('churned_once', 'accounts_once', '-') }} as churn_rate_lower,
        {{ wilson_bound('churned_once', 'accounts_once', '+') }} as churn_rate_upper,
        dates_per_loss,
        score_from,
        score_to,
        {{ exact_rate('score_sum', 'accounts') }} as mean_score
    from evidence
)

select * from final
