{# One row per step from `start` to `end`, both included, as column `name`. `part` is day, week or month; for months
   give first days. `start` and `end` are SQL expressions (literals or scalar subqueries) of type date. #}
{% macro date_steps(start, end, part='day', name='date_day') -%}
    {{ return(adapter.dispatch('date_steps')(start, end, part, name)) }}
{%- endmacro %}

{% macro default__date_steps(start, end, part, name) -%}
    select cast(unnest(generate_series(
        cast({{ start }} as timestamp), cast({{ end }} as timestamp), interval '1 {{ part }}'
    )) as date) as {{ name }}
{%- endmacro %}

{% macro spark__date_steps(start, end, part, name) -%}
    select explode(case
        when cast({{ start }} as date) <= cast({{ end }} as date)
            then sequence(cast({{ start }} as date), cast({{ end }} as date), interval 1 {{ part }})
    end) as {{ name }}
{%- endmacro %}

{# One row per month from the month of `start` to the month of `end`, as column `month` (its first day). #}
{% macro month_spine(start, end) -%}
    {{ date_steps(dbt.date_trunc('month', start), dbt.date_trunc('month', end), 'month', 'month') }}
{%- endmacro %}

{% macro day_spine(start, end) -%}
    {{ date_steps(start, end, 'day', 'date_day') }}
{%- endmacro %}
