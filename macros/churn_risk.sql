{# What the churn risk of an account is estimated from, in the order in which equal effects are told. Each is a column
   of int_churn_risk_features and a row of seed churn_risk_features, which has its words. #}
{% macro churn_risk_features() -%}
    {{ return([
        'ending_share', 'due_share', 'rolling_share', 'leaving_later_share', 'commercial', 'adoption',
        'adoption_change', 'sentiment', 'service', 'relationship', 'contracts', 'tenure', 'revenue',
    ]) }}
{%- endmacro %}

{# The probability that a score on the log-odds scale stands for. Nine places, so that the last bits of a sum, which
   depend on the order of its terms, are never seen. #}
{% macro logistic(score) -%}
    round(1 / (1 + exp(-({{ score }}))), 9)
{%- endmacro %}
