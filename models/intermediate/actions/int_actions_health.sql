with

rules as (
    select * from {{ ref('customer_action_rules') }}
    where is_active
),

health as (
    select * from {{ ref('fct_account_health') }}
    where as_of_date = {{ as_of_date() }}
),

-- Where nobody can be told from anybody else there is no rank, and no account to call before others.
churn_risk as (
    select * from {{ ref('account_churn_risk') }}
    where as_of_date = {{ as_of_date() }} and risk_rank is not null
),

-- Points are rounded as health rounds them, or a fall of exactly ten would be told as 9.999999999999998.
health_fell as (
    select
        health.account_id,
        rules.action,
        {{ plus_days('health.as_of_date', 'rules.days_to_act') }} as due_date,
        concat(
            'Health fell from ',
            {{ whole_number_text('health.score_4_weeks_ago') }},
            ' to ',
            {{ whole_number_text('health.health_score') }},
            ' in four weeks; ',
            case when health.trend = 'down' then health.trend_driver else health.main_driver end
        ) as reason
    from health
    inner join rules
        on
            rules.action = 'health_fell'
            and round(health.score_4_weeks_ago - health.health_score, 9) >= rules.threshold
    where health.risk_band <> 'healthy'
),

churn_risk_high as (
    select
        churn_risk.account_id,
        rules.action,
        {{ plus_days('churn_risk.as_of_date', 'rules.days_to_act') }} as due_date,
        concat(
            {{ percent_text('churn_risk.churn_probability') }},
            ' likely to leave within ',
            cast(churn_risk.horizon_days as {{ dbt.type_string() }}),
            ' days; ',
            churn_risk.top_drivers
        ) as reason
    from churn_risk
    inner join rules
        on
            rules.action = 'churn_risk_high'
            and churn_risk.churn_probability >= rules.threshold
),

final as (
    {% for action in ['health_fell', 'churn_risk_high'] %}
        select
            account_id,
            action,
            due_date,
            cast(null as decimal(18, 6)) as mrr_at_stake,
            reason
        from {{ action }}
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}
)

select * from final
