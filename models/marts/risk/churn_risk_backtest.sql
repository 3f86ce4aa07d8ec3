with

predictions as (
    select * from {{ ref('int_churn_risk_predictions') }}
),

settings as (
    select
        {{ threshold('churn_risk_horizon_days') }} as horizon_days,
        {{ threshold('churn_risk_lift_share', 'double') }} as lift_share
),

-- Equal probabilities share the mean of their ranks: an account is then ahead of half of those it ties with. Twice the
-- rank is a whole number, and squares are exact decimals: sums of doubles depend on the order of rows.
ranked as (
    select
        *,
        cast((probability - churned) * (probability - churned) as decimal(18, 12)) as squared_error,
        2 * rank() over (partition by as_of_date, model order by probability)
        + count(*) over (partition by as_of_date, model, probability) - 1 as twice_rank,
        row_number() over (partition by as_of_date, model order by probability desc, account_id asc) as risk_rank,
        count(*) over (partition by as_of_date, model) as accounts
    from predictions
),

judged as (
    select
        ranked.as_of_date,
        ranked.model,
        count(*) as accounts,
        sum(ranked.churned) as churned,
        sum(case when ranked.churned = 1 then ranked.twice_rank else 0 end) as twice_churned_ranks,
        sum(cast(ranked.probability as decimal(18, 9))) as expected_churned,
        sum(ranked.squared_error) as squared_error,
        sum(case when ranked.risk_rank <= ceil(settings.lift_share * ranked.accounts) then 1 else 0 end)
            as top_accounts,
        sum(case when ranked.risk_rank <= ceil(settings.lift_share * ranked.accounts) then ranked.churned else 0 end)
            as top_churned
    from ranked
    cross join settings
    group by ranked.as_of_date, ranked.model
),

-- AUC is the share of pairs of one that left and one that stayed which the score puts in the right order (Hanley and
-- McNeil 1982), from the sum of ranks. A score that is the same for all has no top to speak of.
final as (
    select
        judged.as_of_date,
        settings.horizon_days,
        judged.model,
        cast(judged.accounts as bigint) as accounts,
        cast(judged.churned as bigint) as churned,
        cast(judged.expected_churned as double) as expected_churned,
        {{ exact_rate(
            'judged.twice_churned_ranks - judged.churned * (judged.churned + 1)',
            '2 * judged.churned * (judged.accounts - judged.churned)'
        ) }} as auc,
        {{ exact_rate('judged.squared_error', 'judged.accounts') }} as brier_score,
        cast(case when judged.model <> 'constant' then judged.top_accounts end as bigint) as top_accounts,
        cast(case when judged.model <> 'constant' then judged.top_churned end as bigint) as top_churned,
        case
            when judged.model <> 'constant'
                then {{ exact_rate(
                    'judged.top_churned * judged.accounts', 'judged.top_accounts * judged.churned'
                ) }}
        end as lift
    from judged
    cross join settings
)

select * from final
