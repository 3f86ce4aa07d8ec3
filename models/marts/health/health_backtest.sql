with

deciles as (
    select * from {{ ref('int_health_backtest_deciles') }}
),

model_versions as (
    select * from {{ ref('int_health_model_version') }}
),

settings as (
    select {{ threshold('health_backtest_prior_accounts') }} as prior_accounts
),

dates as (
    select
        as_of_date,
        horizon_days,
        sum(case when score_decile > 0 then accounts else 0 end) as accounts,
        sum(case when score_decile > 0 then churned else 0 end) as churned,
        sum(case when score_decile > 0 then twice_churned_ranks else 0 end) as twice_churned_ranks,
        sum(case when score_decile = 0 then accounts else 0 end) as unscored_accounts,
        sum(case when score_decile = 0 then churned else 0 end) as unscored_churned,
        sum(at_risk_accounts) as at_risk_accounts,
        sum(at_risk_churned) as at_risk_churned
    from deciles
    group by as_of_date, horizon_days
),

-- What could be known on a date of how often each decile churns: the dates whose horizon was over by then.
earlier_deciles as (
    select
        dates.as_of_date,
        dates.horizon_days,
        earlier.score_decile,
        sum(earlier.accounts) as accounts,
        sum(earlier.churned) as churned
    from dates
    inner join deciles as earlier
        on
            dates.horizon_days = earlier.horizon_days
            and dates.as_of_date >= {{ plus_days('earlier.as_of_date', 'earlier.horizon_days') }}
            and earlier.score_decile > 0
    group by dates.as_of_date, dates.horizon_days, earlier.score_decile
),

earlier_dates as (
    select
        as_of_date,
        horizon_days,
        sum(accounts) as accounts,
        sum(churned) as churned,
        {{ exact_rate('sum(churned)', 'sum(accounts)') }} as churn_rate
    from earlier_deciles
    group by as_of_date, horizon_days
),

predicted as (
    select
        deciles.as_of_date,
        deciles.horizon_days,
        deciles.accounts,
        deciles.churned,
        earlier_dates.churn_rate as constant_probability,
        {{ smoothed_rate(
            'earlier_deciles.churned', 'earlier_deciles.accounts', 'earlier_dates.churn_rate', 'settings.prior_accounts'
        ) }} as probability
    from deciles
    cross join settings
    inner join earlier_dates
        on
            deciles.as_of_date = earlier_dates.as_of_date
            and deciles.horizon_days = earlier_dates.horizon_days
    left join earlier_deciles
        on
            deciles.as_of_date = earlier_deciles.as_of_date
            and deciles.horizon_days = earlier_deciles.horizon_days
            and deciles.score_decile = earlier_deciles.score_decile
    where deciles.score_decile > 0
),

-- All accounts of a decile have one probability p: their squared errors sum to n p² - 2 p churned + churned.
errors as (
    select
        as_of_date,
        horizon_days,
        sum(cast(
            accounts * probability * probability - 2 * probability * churned + churned as decimal(28, 12)
        )) as squared_error,
        sum(cast(
            accounts * constant_probability * constant_probability - 2 * constant_probability * churned + churned
            as decimal(28, 12)
        )) as squared_error_of_constant
    from predicted
    group by as_of_date, horizon_days
),

-- AUC is the share of pairs of one that churned and one that stayed in which the one that churned has the lower score.
-- The ranks of the churned count how many stayers are below them.
rated as (
    select
        dates.*,
        {{ exact_rate(
            '2 * dates.churned * (dates.accounts - dates.churned) - dates.twice_churned_ranks'
            ~ ' + dates.churned * (dates.churned + 1)',
            '2 * dates.churned * (dates.accounts - dates.churned)'
        ) }} as auc,
        {{ exact_rate('errors.squared_error', 'dates.accounts') }} as brier_score,
        {{ exact_rate('errors.squared_error_of_constant', 'dates.accounts') }} as brier_constant,
        coalesce(earlier_dates.accounts, 0) as earlier_accounts,
        coalesce(earlier_dates.churned, 0) as earlier_churned,
        model_versions.model_version
    from dates
    cross join model_versions
    left join errors
        on
            dates.as_of_date = errors.as_of_date
            and dates.horizon_days = errors.horizon_days
    left join earlier_dates
        on
            dates.as_of_date = earlier_dates.as_of_date
            and dates.horizon_days = earlier_dates.horizon_days
),

-- Standard error of an AUC: Hanley and McNeil, 1982.
final as (
    select
        as_of_date,
        cast(horizon_days as integer) as horizon_days,
        cast(accounts as bigint) as accounts,
        cast(churned as bigint) as churned,
        {{ exact_rate('churned', 'accounts') }} as churn_rate,
        cast(unscored_accounts as bigint) as unscored_accounts,
        cast(unscored_churned as bigint) as unscored_churned,
        auc,
        sqrt(
            (
                auc * (1 - auc)
                + (churned - 1) * (auc / (2 - auc) - auc * auc)
                + (accounts - churned - 1) * (2 * auc * auc / (1 + auc) - auc * auc)
            )
            / nullif(cast(churned * (accounts - churned) as double), 0)
        ) as auc_std_error,
        brier_score,
        brier_constant,
        cast(earlier_accounts as bigint) as earlier_accounts,
        cast(earlier_churned as bigint) as earlier_churned,
        cast(at_risk_accounts as bigint) as at_risk_accounts,
        cast(at_risk_churned as bigint) as at_risk_churned,
        {{ exact_rate('at_risk_churned', 'at_risk_accounts') }} as at_risk_precision,
        {{ exact_rate('at_risk_churned', 'churned') }} as at_risk_recall,
        model_version
    from rated
)

select * from final
