{%- set features = churn_risk_features() -%}

with

features as (
    select * from {{ ref('int_churn_risk_features') }}
    where is_backtest or is_today
),

coefficients as (
    select * from {{ ref('int_churn_risk_coefficients') }}
),

-- One row per date: the coefficients of all models side by side.
models as (
    select
        as_of_date,
        max(case when model = 'constant' and feature = 'intercept' then coefficient end) as constant_intercept,
        max(case when model = 'health_score' and feature = 'intercept' then coefficient end) as health_intercept,
        max(case when model = 'health_score' and feature = 'health_score' then coefficient end) as health_coefficient,
        max(case when model = 'health_score' and feature = 'health_score' then center end) as health_center,
        {% for feature in features %}
            max(case when model = 'logistic' and feature = '{{ feature }}' then coefficient end)
                as {{ feature }}_coefficient,
            max(case when model = 'logistic' and feature = '{{ feature }}' then center end) as {{ feature }}_center,
        {% endfor %}
        max(case when model = 'logistic' and feature = 'intercept' then coefficient end) as logistic_intercept
    from coefficients
    group by as_of_date
),

-- What a feature adds to the log-odds, against an average account; a missing value is an average one.
contributed as (
    select
        features.account_id,
        features.as_of_date,
        features.is_today,
        features.is_churned,
        features.health_score,
        {% for feature in features %}
            features.{{ feature }},
            coalesce(models.{{ feature }}_coefficient * (features.{{ feature }} - models.{{ feature }}_center), 0)
                as {{ feature }}_effect,
        {% endfor %}
        models.constant_intercept,
        models.logistic_intercept,
        models.health_intercept
        + coalesce(models.health_coefficient * (features.health_score - models.health_center), 0) as health_log_odds
    from features
    left join models
        on features.as_of_date = models.as_of_date
),

final as (
    select
        account_id,
        as_of_date,
        is_today,
        is_churned,
        health_score,
        {% for feature in features %}
            {{ feature }},
            {{ feature }}_effect,
        {% endfor %}
        {{ logistic('constant_intercept') }} as constant_probability,
        {{ logistic('health_log_odds') }} as health_score_probability,
        {{ logistic('logistic_intercept + ' ~ features | join('_effect + ') ~ '_effect') }} as logistic_probability
    from contributed
)

select * from final
