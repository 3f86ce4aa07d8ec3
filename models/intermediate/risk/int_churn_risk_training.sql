with

features as (
    select * from {{ ref('int_churn_risk_features') }}
    where
        not is_today
        and health_score is not null
),

settings as (
    select {{ threshold('churn_risk_training_rows') }} as training_rows
),

-- A logistic regression with a dozen coefficients learns nothing from its second million rows. Whole accounts are kept,
-- chosen by the hash of their key: the same ones on every day, whatever the order of the rows.
accounts as (
    select
        account_id,
        sum(count(*)) over (
            order by {{ dbt.hash('account_id') }}, account_id
            rows between unbounded preceding and current row
        ) as rows_so_far
    from features
    group by account_id
),

sampled as (
    select accounts.account_id
    from accounts
    cross join settings
    where accounts.rows_so_far <= settings.training_rows
),

final as (
    select
        features.account_id,
        features.as_of_date,
        features.health_score,
        {% for feature in churn_risk_features() %}
            features.{{ feature }},
        {% endfor %}
        features.is_churned
    from features
    inner join sampled
        on features.account_id = sampled.account_id
)

select * from final
