{# A number that a definition needs, from seed metric_thresholds, as a scalar subquery: the seed is the only place where
   it stands. A name that is not in the seed yields null; tests/dbt/assert_thresholds_present.sql fails then. #}
{% macro threshold(name, data_type='integer') -%}
    {%- if is_linting() -%}{{ return('cast(1 as ' ~ data_type ~ ')') }}{%- endif -%}
    (
        select cast(max(case when thresholds.name = '{{ name }}' then thresholds.value end) as {{ data_type }})
        from {{ ref('metric_thresholds') }} as thresholds
    )
{%- endmacro %}
