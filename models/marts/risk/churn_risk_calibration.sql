with

predictions as (
    select * from {{ ref('int_churn_risk_predictions') }}
    where model <> 'constant'
),

-- Tenths of the accounts of each back-test, those at the highest risk first.
tenths as (
    select
        *,
        ntile(10) over (partition by model, as_of_date order by probability desc, account_id asc) as risk_decile
    from predictions
),

final as (
    select
        model,
        cast(risk_decile as integer) as risk_decile,
        cast(count(*) as bigint) as accounts,
        cast(sum(churned) as bigint) as churned,
        {{ exact_rate('sum(cast(probability as decimal(18, 9)))', 'count(*)') }} as mean_probability,
        {{ exact_rate('sum(churned)', 'count(*)') }} as churn_rate
    from tenths
    group by model, risk_decile
)

select * from final
