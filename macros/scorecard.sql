{# Every KPI of the scorecard. To add one, add its line here and its target to seed kpi_targets; a test names whatever one
   of the two lacks. Relations are the import CTEs of int_kpi_values.

   Summed: what happened in a month. Numerator and denominator are added up over the KPI's period, so a rate over twelve
   months is one of all that happened in them and no mean of rates. Without a denominator the KPI is the sum itself. #}
{% macro summed_kpis() -%}
    {{ return([
        ('new_mrr', 'mrr', 'new_mrr', none),
        ('expansion_mrr', 'mrr', 'expansion_mrr', none),
        ('logo_churn_rate', 'churn', 'churned_accounts', 'starting_accounts'),
        ('gross_mrr_churn_rate', 'churn', 'churned_mrr + contraction_mrr', 'starting_mrr'),
        ('net_mrr_churn_rate', 'churn', 'churned_mrr + contraction_mrr - expansion_mrr - reactivation_mrr', 'starting_mrr'),
        ('renewal_rate_count', 'renewals', 'renewed_count', 'due_count'),
        ('renewal_rate_gross', 'renewals', 'gross_renewed_arr', 'due_arr'),
        ('renewal_rate_net', 'renewals', 'net_renewed_arr', 'due_arr'),
        ('cost_per_retained_account', 'retention_costs', 'retention_cost', 'retained_accounts'),
        ('cost_share_of_retained_mrr', 'retention_costs', 'retention_cost', 'retained_mrr'),
        ('cost_to_serve_share_of_mrr', 'costs_to_serve', 'case_cost', 'closing_mrr'),
        ('adoption_rate', 'adoption', 'adopting_accounts', 'entitled_accounts'),
        ('seat_utilisation', 'adoption', 'seated_active_users', 'licensed_seats'),
        ('first_contact_resolution_rate', 'service', 'fcr_resolved', 'fcr_eligible'),
        ('mean_first_reply_seconds', 'service', 'first_reply_seconds_sum', 'first_reply_count'),
        ('mean_time_to_resolve_seconds', 'service', 'resolution_seconds_sum', 'resolution_count'),
        ('average_handle_seconds', 'service', 'handle_seconds_sum', 'handled_cases'),
        ('reopen_rate', 'service', 'reopened_cases', 'cases_solved'),
        ('sla_compliance_rate', 'service', 'sla_met', 'sla_met + sla_breached'),
        ('internal_sla_compliance_rate', 'service', 'internal_sla_met', 'internal_sla_met + internal_sla_breached'),
        ('cost_per_case', 'service', 'cost', 'cases_created'),
        ('fully_loaded_cost_per_case', 'service', 'support_cost', 'cases_created'),
        ('nps', 'voice', 'promoters - detractors', 'promoters + passives + detractors'),
        ('csat_top_box_rate', 'voice', 'csat_top_box_count', 'csat_top_box_responses'),
        ('ces_easy_rate', 'voice', 'ces_easy_count', 'ces_easy_responses'),
        ('survey_response_rate', 'voice', 'answered', 'sent'),
        ('deflection_rate_sessions', 'self_service', 'sessions_without_case', 'sessions_without_case + sessions_with_case'),
        ('self_service_share', 'self_service', 'self_service_resolutions', 'self_service_resolutions + cases'),
        ('saved_cost', 'self_service', 'saved_cost', none),
        ('attrition_rate', 'teams', 'left_agents', 'starting_agents'),
        ('engagement_score', 'teams', 'engagement_score_sum', 'engagement_responses'),
        ('quality_review_score', 'agents', 'quality_review_score_sum', 'quality_review_responses'),
        ('cases_per_day', 'agents', 'cases_solved', 'days_worked'),
    ]) }}
{%- endmacro %}

{# Standing: how things stand at the end of a month, or a figure whose mart has looked over its period already, such as a
   median. It is taken as it is, and has that one period. #}
{% macro standing_kpis() -%}
    {{ return([
        ('mrr', 'mrr', 'closing_mrr', none, 'month'),
        ('paying_accounts', 'mrr', 'paying_accounts', none, 'month'),
        ('logo_retention_rate', 'yearly_retention', 'retained_accounts', 'starting_accounts', 'trailing_12_months'),
        ('gross_revenue_retention', 'yearly_retention', 'gross_retained_mrr', 'starting_mrr', 'trailing_12_months'),
        ('net_revenue_retention', 'yearly_retention', 'net_retained_mrr', 'starting_mrr', 'trailing_12_months'),
        ('renewal_forecast_error_share', 'renewal_forecasts', 'abs(expected_arr - renewed_due_arr)', 'due_arr', 'month'),
        ('ltv_to_cac', 'lifetime_values', 'lifetime_value', 'acquisition_cost', 'month'),
        ('healthy_share', 'health', 'healthy_accounts', 'scored_accounts', 'month'),
        ('at_risk_share', 'health', 'at_risk_accounts', 'scored_accounts', 'month'),
        ('mean_health_score', 'health', 'health_score_sum', 'scored_accounts', 'month'),
        ('at_risk_share_of_mrr', 'health', 'at_risk_mrr', 'scored_mrr', 'month'),
        ('health_score_auc', 'health_forecasts', 'auc', none, 'month'),
        ('contact_coverage', 'health', 'contacted_accounts', 'judged_accounts', 'month'),
        ('median_first_reply_seconds', 'service', 'median_first_reply_seconds', none, 'month'),
        ('median_time_to_resolve_seconds', 'service', 'median_time_to_resolve_seconds', none, 'month'),
        ('closing_backlog', 'backlog', 'closing_backlog', none, 'month'),
        ('stale_share_of_backlog', 'backlog', 'stale_5_days', 'closing_backlog', 'month'),
    ]) }}
{%- endmacro %}

{# The linter is shown one KPI of each relation: the others are alike. #}
{% macro kpis_to_read(kpis) -%}
    {{ return(kpis | groupby(1) | map(attribute=1) | map('first') | list if is_linting() else kpis) }}
{%- endmacro %}

{# The periods that a target may be set for, with their months. #}
{% macro kpi_periods() -%}
    {{ return({'month': 1, 'trailing_3_months': 3, 'trailing_12_months': 12}) }}
{%- endmacro %}

{# A select of the rows of a back-test that were the newest whose horizon was over at the end of each month. #}
{% macro newest_judged(months, backtest) -%}
    select judged.*
    from (
        select
            {{ backtest }}.*,
            {{ months }}.month,
            rank() over (partition by {{ months }}.month order by {{ backtest }}.as_of_date desc) as date_rank
        from {{ months }}
        inner join {{ backtest }}
            on {{ plus_days(backtest ~ '.as_of_date', backtest ~ '.horizon_days') }}
                < {{ plus_months(months ~ '.month', 1) }}
    ) as judged
    where judged.date_rank = 1
{%- endmacro %}

{# A select of every KPI: its name and the one period that it has, null where it has them all. #}
{% macro known_kpis() -%}
    select
        kpi,
        only_period
    from (
        values
        {% for kpi in kpis_to_read(summed_kpis()) -%}
            ('{{ kpi[0] }}', cast(null as {{ dbt.type_string() }})),
        {% endfor -%}
        {%- for kpi in kpis_to_read(standing_kpis()) -%}
            ('{{ kpi[0] }}', '{{ kpi[4] }}'){{ '' if loop.last else ',' }}
        {% endfor -%}
    ) as known (kpi, only_period)
{%- endmacro %}

{# The units that a target may be in: how a figure is written. #}
{% macro kpi_units() -%}
    {{ return(['share', 'points', 'seconds', 'money', 'accounts', 'cases', 'ratio']) }}
{%- endmacro %}

{# A number with its thousands apart, for people. #}
{% macro number_text(expression, decimals) -%}
    {{ return(adapter.dispatch('number_text')(expression, decimals)) }}
{%- endmacro %}

{% macro default__number_text(expression, decimals) -%}
    format('{:,.{{ decimals }}f}', cast({{ expression }} as double))
{%- endmacro %}

{% macro spark__number_text(expression, decimals) -%}
    format_number({{ expression }}, {{ decimals }})
{%- endmacro %}

{# A figure in the words of people: 71.4 %, 4 h 10 min, USD 1,724,964. Columns hold the value and its unit. #}
{% macro kpi_text(value, unit) -%}
    {%- set seconds = 'cast(round(' ~ value ~ ') as bigint)' -%}
    {%- set minutes = 'cast(round(' ~ value ~ ' / 60) as bigint)' -%}
    {%- set text = dbt.type_string() -%}
    case
        when {{ value }} is null then null
        when {{ unit }} = 'share' and abs({{ value }}) < 0.1 then concat({{ number_text('100 * ' ~ value, 2) }}, ' %')
        when {{ unit }} = 'share' then concat({{ number_text('100 * ' ~ value, 1) }}, ' %')
        when {{ unit }} = 'seconds' and {{ value }} < 3600
            then concat(
                cast(cast(floor({{ seconds }} / 60) as bigint) as {{ text }}), ' min ',
                cast({{ seconds }} % 60 as {{ text }}), ' s'
            )
        when {{ unit }} = 'seconds'
            then concat(
                cast(cast(floor({{ minutes }} / 60) as bigint) as {{ text }}), ' h ',
                cast({{ minutes }} % 60 as {{ text }}), ' min'
            )
        when {{ unit }} = 'money' and abs({{ value }}) < 1000
            then concat('{{ var("reporting_currency") }} ', {{ number_text(value, 2) }})
        when {{ unit }} = 'money' then concat('{{ var("reporting_currency") }} ', {{ number_text(value, 0) }})
        when {{ unit }} in ('accounts', 'cases') then {{ number_text(value, 0) }}
        when {{ unit }} = 'points' then {{ number_text(value, 1) }}
        else {{ number_text(value, 2) }}
    end
{%- endmacro %}
