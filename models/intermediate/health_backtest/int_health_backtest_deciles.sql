with

health as (
    select * from {{ ref('fct_account_health') }}
),

churn as (
    select * from {{ ref('fct_churn') }}
),

horizons as (
    select {{ threshold('health_backtest_short_horizon_days') }} as horizon_days

    union

    select {{ threshold('health_backtest_long_horizon_days') }} as horizon_days
),

-- Equal scores share the mean of their ranks, and with it their decile. Twice the rank is a whole number.
ranked as (
    select
        account_id,
        as_of_date,
        health_score,
        risk_band,
        2 * rank() over (partition by as_of_date, health_score is null order by health_score)
        + count(*) over (partition by as_of_date, health_score) - 1 as twice_rank,
        count(*) over (partition by as_of_date, health_score is null) as accounts
    from health
),

judged as (
    select
        ranked.*,
        horizons.horizon_days,
        cast(
            case
                when ranked.health_score is null then 0
                else 1 + floor(cast(5 * (ranked.twice_rank - 1) as double) / cast(ranked.accounts as double))
            end
            as integer
        ) as score_decile
    from ranked
    cross join horizons
    where {{ plus_days('ranked.as_of_date', 'horizons.horizon_days') }} <= {{ as_of_date() }}
),

first_losses as (
    select
        judged.account_id,
        judged.as_of_date,
        judged.horizon_days,
        judged.score_decile > 0 as is_scored,
        min(churn.churned_on) as churned_on
    from judged
    inner join churn
        on
            judged.account_id = churn.account_id
            and judged.as_of_date < churn.churned_on
            and {{ plus_days('judged.as_of_date', 'judged.horizon_days') }} >= churn.churned_on
    group by judged.account_id, judged.as_of_date, judged.horizon_days, judged.score_decile > 0
),

losses as (
    select
        *,
        count(*) over (partition by account_id, horizon_days, churned_on, is_scored) as dates_of_loss
    from first_losses
),

final as (
    select
        judged.as_of_date,
        judged.horizon_days,
        judged.score_decile,
        count(*) as accounts,
        count(losses.account_id) as churned,
        cast(
            sum(cast(coalesce(1 / cast(losses.dates_of_loss as double), 0) as decimal(18, 12))) as decimal(28, 12)
        ) as losses,
        sum(case when losses.account_id is not null then judged.twice_rank else 0 end) as twice_churned_ranks,
        sum(case when judged.risk_band = 'at_risk' then 1 else 0 end) as at_risk_accounts,
        sum(case when judged.risk_band = 'at_risk' and losses.account_id is not null then 1 else 0 end)
            as at_risk_churned,
        min(judged.health_score) as score_from,
        max(judged.health_score) as score_to,
        cast(sum(cast(judged.health_score as decimal(18, 9))) as decimal(28, 9)) as score_sum
    from judged
    left join losses
        on
            judged.account_id = losses.account_id
            and judged.as_of_date = losses.as_of_date
            and judged.horizon_days = losses.horizon_days
    group by judged.as_of_date, judged.horizon_days, judged.score_decile
)

select * from final
