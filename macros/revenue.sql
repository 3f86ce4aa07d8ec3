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
   `dimension_value`, and `measures`, a list of aggregates with their names. Without `dimensions`, those of revenue. The
   linter is shown two of these selects: the others are alike. #}
{% macro by_dimension(relation, keys, measures, dimensions=none) -%}
    {%- set names = ['all'] + (dimensions or revenue_dimensions()) -%}
    {%- for name in (names[:2] if is_linting() else names) %}
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

{# A word of another system (a reason, a status, a segment) as seeds spell it: systems differ in case, blanks and hyphens. #}
{% macro seed_key(column) -%}
    lower(replace(replace(trim({{ column }}), ' ', '_'), '-', '_'))
{%- endmacro %}

{# A group's rate drawn towards that of a wider group, which counts as `prior_count` cases more:
   (successes + prior count × wider rate) / (cases + prior count). A group without cases has the wider rate. #}
{% macro smoothed_rate(successes, cases, wider_rate, prior_count) -%}
    (cast(coalesce({{ successes }}, 0) as double) + {{ prior_count }} * {{ wider_rate }})
    / nullif(cast(coalesce({{ cases }}, 0) as double) + {{ prior_count }}, 0)
{%- endmacro %}

{# CTEs that end in `classified_movements`: the columns of `relation` (a customer's months: opening_mrr, closing_mrr,
   fx_mrr, month, first_mrr_month), the movement, and the parts that lead from opening to closing. What is left of a
   change once exchange rates are taken out is the customer's doing. Who the customer is, an account or a group of
   accounts, is up to `relation`: its amounts are summed before anything is classified. #}
{% macro classified_movements(relation) -%}
movement_names as (
    select
        *,
        case
            when opening_mrr = 0 and month = first_mrr_month then 'new'
            when opening_mrr = 0 then 'reactivation'
            when closing_mrr = 0 then 'churn'
            when closing_mrr - opening_mrr - fx_mrr > 0 then 'expansion'
            when closing_mrr - opening_mrr - fx_mrr < 0 then 'contraction'
            when fx_mrr <> 0 then 'fx'
            else 'none'
        end as movement
    from {{ relation }}
),

classified_movements as (
    select
        *,
        cast(case when movement = 'new' then closing_mrr else 0 end as decimal(18, 6)) as new_mrr,
        cast(case when movement = 'reactivation' then closing_mrr else 0 end as decimal(18, 6)) as reactivation_mrr,
        cast(
            case when movement = 'expansion' then closing_mrr - opening_mrr - fx_mrr else 0 end as decimal(18, 6)
        ) as expansion_mrr,
        cast(
            case when movement = 'contraction' then opening_mrr + fx_mrr - closing_mrr else 0 end as decimal(18, 6)
        ) as contraction_mrr,
        cast(case when movement = 'churn' then opening_mrr else 0 end as decimal(18, 6)) as churned_mrr
    from movement_names
)
{%- endmacro %}

{# CTEs that end in `retention_outcomes`: one row per customer and window of 1 or 12 months that it paid at the start of,
   with what it paid then and at the end. `customer_months` holds the months of customers named by column `customer`;
   `months` is int_revenue_months. Those who pay when a window opens are its cohort: those that come later never count,
   and one that left and came back inside the window counts by its end. #}
{% macro retention_outcomes(customer_months, months, customer) -%}
retention_windows as (
    select 1 as window_months
    union all
    select 12 as window_months
),

retention_cohorts as (
    select
        {{ customer_months }}.{{ customer }},
        {{ plus_months(customer_months ~ '.month', 'retention_windows.window_months - 1') }} as month,
        cast(retention_windows.window_months as integer) as window_months,
        {{ customer_months }}.opening_mrr as starting_mrr,
        {{ customer_months }}.{{ revenue_dimensions() | join(', ' ~ customer_months ~ '.') }}
    from {{ customer_months }}
    cross join retention_windows
    where {{ customer_months }}.opening_mrr > 0
),

retention_outcomes as (
    select
        retention_cohorts.*,
        {{ months }}.is_complete,
        coalesce(ends.closing_mrr, cast(0 as decimal(18, 6))) as ending_mrr
    from retention_cohorts
    inner join {{ months }} on retention_cohorts.month = {{ months }}.month
    left join {{ customer_months }} as ends
        on
            retention_cohorts.{{ customer }} = ends.{{ customer }}
            and retention_cohorts.month = ends.month
)
{%- endmacro %}
