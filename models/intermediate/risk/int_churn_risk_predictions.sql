{%- set models = ['logistic', 'health_score', 'constant'] -%}

with

scores as (
    select * from {{ ref('int_churn_risk_scores') }}
    where not is_today
),

predictions as (
    {% for model in models %}
        select
            account_id,
            as_of_date,
            '{{ model }}' as model,
            {{ model }}_probability as probability,
            case when is_churned then 1 else 0 end as churned
        from scores
        where {{ model }}_probability is not null
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}
)

select * from predictions
