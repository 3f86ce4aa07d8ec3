{%- set components = health_components() -%}

with

health_scores as (
    select * from {{ ref('int_health_scores') }}
),

health_dates as (
    select * from {{ ref('int_health_dates') }}
),

published as (
    select health_scores.*
    from health_scores
    inner join health_dates
        on health_scores.as_of_date = health_dates.as_of_date
    where health_dates.is_published
),

-- A component without a value is weighed with nothing; the others take over its weight.
components as (
    {% for component in components %}
        select
            account_id,
            as_of_date,
            '{{ component }}' as component,
            {{ component }}_value as raw_value,
            {{ component }}_score as component_score,
            cast({{ component }}_weight as double) as weight,
            case
                when {{ component }}_score is null then cast(0 as double)
                else cast({{ component }}_weight as double) / cast(nullif(coverage, 0) as double)
            end as effective_weight,
            {{ component }}_contribution as contribution
        from published
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}
)

select * from components
