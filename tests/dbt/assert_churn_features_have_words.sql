{{ config(meta={'dagster': {'ref': {'name': 'churn_risk_features'}}}) }}

-- Every feature of the churn model has its words in seed churn_risk_features, and every word belongs to a feature.
with features as (

    {% for feature in churn_risk_features() %}
        select '{{ feature }}' as feature
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}

)

select
    features.feature as feature_without_words,
    words.feature as words_without_feature
from features
full outer join {{ ref('churn_risk_features') }} as words on features.feature = words.feature
where
    features.feature is null
    or words.feature is null
