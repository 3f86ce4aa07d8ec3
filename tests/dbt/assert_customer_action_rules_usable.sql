{{ config(meta={'dagster': {'ref': {'name': 'customer_action_rules'}}}) }}

-- Every action has a row of customer_action_rules, the seed has no other rows, and each row says what its rule needs:
-- days and a threshold that can hold, an amount, and the days to act where no deadline is given from outside.
with

needs as (
    {% for action in customer_actions() %}
        select
            '{{ action }}' as action,
            {{ action not in ['sla_at_risk', 'churn_risk_high', 'health_fell', 'expansion_signal'] }} as needs_days,
            {{ action not in ['sla_at_risk', 'sla_breached', 'unhappy_answer'] }} as needs_threshold,
            {{ action in ['renewal_within_notice', 'renewal_to_sign', 'churn_risk_high'] }} as is_probability,
            {{ action not in ['sla_at_risk', 'renewal_within_notice', 'renewal_to_sign'] }} as needs_days_to_act
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

rules as (
    select
        *,
        coalesce(cast(days as {{ dbt.type_string() }}), '') as days_text,
        coalesce(cast(threshold as {{ dbt.type_string() }}), '') as threshold_text,
        coalesce(cast(minimum_mrr as {{ dbt.type_string() }}), '') as minimum_mrr_text,
        coalesce(cast(days_to_act as {{ dbt.type_string() }}), '') as days_to_act_text
    from {{ ref('customer_action_rules') }}
),

judged as (
    select
        coalesce(rules.action, needs.action) as action,
        case
            when rules.action is null then 'has no row; to switch it off write false in is_active'
            when needs.action is null then 'is not known; expected one of {{ customer_actions() | join(', ') }}'
            when needs.needs_days and coalesce(rules.days, -1) < 0
                then concat('days is "', rules.days_text, '"; expected 0 or more')
            when not needs.needs_days and rules.days is not null
                then concat('days is "', rules.days_text, '"; expected nothing, since the rule uses none')
            when needs.needs_threshold and coalesce(rules.threshold, 0) <= 0
                then concat('threshold is "', rules.threshold_text, '"; expected a number above 0')
            when not needs.needs_threshold and rules.threshold is not null
                then concat('threshold is "', rules.threshold_text, '"; expected nothing, since the rule uses none')
            when needs.is_probability and rules.threshold > 1
                then concat('threshold is "', rules.threshold_text, '"; expected a probability, 0.95 for 95 %')
            when coalesce(rules.minimum_mrr, -1) < 0
                then concat('minimum_mrr is "', rules.minimum_mrr_text, '"; expected 0 or more')
            when needs.needs_days_to_act and coalesce(rules.days_to_act, -1) < 0
                then concat('days_to_act is "', rules.days_to_act_text, '"; expected 0 or more')
            when not needs.needs_days_to_act and rules.days_to_act is not null
                then concat('days_to_act is "', rules.days_to_act_text, '"; expected nothing: the deadline is given')
        end as problem
    from needs
    full outer join rules
        on needs.action = rules.action
)

select action
from judged
where
    case
        when problem is not null
            then {{ raise_error("concat('customer_action_rules, action \"', action, '\": ', problem, '.')") }}
    end is not null
