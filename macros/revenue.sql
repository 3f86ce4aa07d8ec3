{# Calendar arithmetic on dates that both engines agree on, and the rules of terms that more than one revenue model
   needs. dbt's own dateadd and datediff yield timestamps or count months differently by engine, and a term that ends a
   day off is a churn that never happened. #}

{% macro plus_days(date_expression, days) -%}
    {{ return(adapter.dispatch('plus_days')(date_expression, days)) }}
{%- endmacro %}

{% macro default__plus_days(date_expression, days) -%}
    cast({{ date_expression }} + cast({{ days }} as integer) as date)
{%- endmacro %}

{% macro spark__plus_days(date_expression, days) -%}
    date_add({{ date_expression }}, cast({{ days }} as int))
{%- endmacro %}

{# The same day some months later, or the last day of that month when it is shorter. #}
{% macro plus_months(date_expression, months) -%}
    {{ return(adapter.dispatch('plus_months')(date_expression, months)) }}
{%- endmacro %}

{% macro default__plus_months(date_expression, months) -%}
    cast({{ date_expression }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro spark__plus_months(date_expression, months) -%}
    add_months({{ date_expression }}, cast({{ months }} as int))
{%- endmacro %}

{# Days from the first date to the second, negative when the second is earlier. #}
{% macro days_from_to(first_date, second_date) -%}
    {{ return(adapter.dispatch('days_from_to')(first_date, second_date)) }}
{%- endmacro %}

{% macro default__days_from_to(first_date, second_date) -%}
    date_diff('day', {{ first_date }}, {{ second_date }})
{%- endmacro %}

{% macro spark__days_from_to(first_date, second_date) -%}
    cast(datediff({{ second_date }}, {{ first_date }}) as bigint)
{%- endmacro %}

{% macro first_of_month(date_expression) -%}
    cast({{ dbt.date_trunc('month', date_expression) }} as date)
{%- endmacro %}

{# Months since year 0, so that whole months can be subtracted. #}
{% macro month_number(date_expression) -%}
    cast(extract(year from {{ date_expression }}) * 12 + extract(month from {{ date_expression }}) as integer)
{%- endmacro %}

{# Whole months from the first date to the second: the greatest n with first + n months <= second. #}
{% macro whole_months_from_to(first_date, second_date) -%}
    cast(
        {{ month_number(second_date) }} - {{ month_number(first_date) }}
        - case
            when {{ plus_months(first_date, month_number(second_date) ~ ' - ' ~ month_number(first_date)) }} > {{ second_date }}
                then 1
            else 0
        end as integer
    )
{%- endmacro %}

{# 1, 2, … `last` (at least 1) as rows: stands in a select list, one row per number. #}
{% macro numbers_to(last) -%}
    {{ return(adapter.dispatch('numbers_to')(last)) }}
{%- endmacro %}

{% macro default__numbers_to(last) -%}
    unnest(range(1, cast({{ last }} as bigint) + 1))
{%- endmacro %}

{% macro spark__numbers_to(last) -%}
    explode(sequence(1, cast({{ last }} as int)))
{%- endmacro %}

{# The recurring amount per month of an amount per billing period; an unknown period has none (a blocking test says so). #}
{% macro monthly_amount(amount, billing_period) -%}
    cast(
        case {{ billing_period }}
            when 'month' then {{ amount }}
            when 'quarter' then {{ amount }} / 3
            when 'year' then {{ amount }} / 12
            when 'week' then {{ amount }} * 52 / 12
            when 'day' then {{ amount }} * 365 / 12
        end as decimal(18, 6)
    )
{%- endmacro %}

{# Last day of the n-th run of a term. A term of whole months repeats from its first day, so that one which ends on
   28 February next ends on 31 March; any other term repeats by its days. #}
{% macro term_end(number) -%}
    case
        when term_months is not null
            then {{ plus_days(plus_months('start_date', 'term_months * (' ~ number ~ ')'), 'term_extra_days - 1') }}
        else {{ plus_days('start_date', 'term_days * (' ~ number ~ ') - 1') }}
    end
{%- endmacro %}

{# The number of the run in which a day lies, from 1; a day before the term counts as its first run. #}
{% macro term_number(date_expression) -%}
    greatest(1, cast(
        case
            when term_months is null
                then floor({{ days_from_to('start_date', date_expression) }} / cast(term_days as double)) + 1
            when {{ term_end('floor((' ~ month_number(date_expression) ~ ' - ' ~ month_number('start_date') ~ ') / cast(term_months as double))') }} >= {{ date_expression }}
                then floor(({{ month_number(date_expression) }} - {{ month_number('start_date') }}) / cast(term_months as double))
            else floor(({{ month_number(date_expression) }} - {{ month_number('start_date') }}) / cast(term_months as double)) + 1
        end as integer
    ))
{%- endmacro %}

{# An amount in the reporting currency. Without a rate it counts for nothing, and a blocking test refuses the run. The
   first factor is widened because DuckDB otherwise keeps the product of two decimals within 18 digits and overflows. #}
{% macro in_reporting_currency(amount, rate_to_reporting) -%}
    cast(
        cast({{ amount }} as decimal(20, 6)) * coalesce({{ rate_to_reporting }}, cast(0 as decimal(18, 10)))
        as decimal(18, 6)
    )
{%- endmacro %}

{# The dimensions that retention, churn and renewals are cut by. #}
{% macro revenue_dimensions() -%}
    {{ return(['segment', 'region', 'product', 'support_plan', 'customer_type']) }}
{%- endmacro %}

{# A select of the total and of each dimension's values from `relation`: the columns `keys`, `dimension` and
   `dimension_value`, and `measures`, a list of aggregates with their names. #}
{% macro by_dimension(relation, keys, measures) -%}
    {%- for name in ['all'] + revenue_dimensions() %}
    select
        {{ keys | join(', ') }},
        '{{ name }}' as dimension,
        {{ "'all'" if name == 'all' else name }} as dimension_value,
        {{ measures | join(',\n        ') }}
    from {{ relation }}
    group by {{ keys | join(', ') }}{{ '' if name == 'all' else ', ' ~ name }}
    {{ '' if loop.last else 'union all' }}
    {%- endfor %}
{%- endmacro %}

{# Numerator ÷ denominator as a double; null when there is nothing to divide by. Exact until the division. #}
{% macro exact_rate(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# A reason for leaving as seed churn_reasons spells it. #}
{% macro reason_key(reason) -%}
    lower(replace(replace(trim({{ reason }}), ' ', '_'), '-', '_'))
{%- endmacro %}
