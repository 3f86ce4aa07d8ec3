{# The actions of seed customer_action_rules. Each intermediate model of actions finds some of them. #}
{% macro customer_actions() -%}
    {{ return([
        'sla_at_risk', 'renewal_within_notice', 'renewal_to_sign', 'sla_breached', 'unhappy_answer', 'churn_risk_high',
        'usage_stopped', 'health_fell', 'expansion_signal',
    ]) }}
{%- endmacro %}

{# An instant to the minute, as text for people: 2024-07-01 13:25 UTC. #}
{% macro minute_text(instant) -%}
    concat(substring(cast({{ instant }} as {{ dbt.type_string() }}), 1, 16), ' UTC')
{%- endmacro %}
