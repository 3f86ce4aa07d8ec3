{{ config(meta={'dagster': {'ref': {'name': 'int_health_weights'}}}) }}

{% set weights_sum = health_components() | join('_weight + ') ~ '_weight' %}

-- The seeded weights of each segment (with the default filled in) are not negative and sum to 1, every component has a
-- default, and bounds differ.
with

weights as (
    select * from {{ ref('int_health_weights') }}
),

problems as (
    select
        'segment ' || segment || ': weights sum to '
        || cast({{ weights_sum }} as {{ dbt.type_string() }}) || ', not to 1' as problem
    from weights
    where coalesce({{ weights_sum }}, 0) <> 1

    union all

    select
        'component ' || component || ', segment ' || segment
        || ': weight must not be negative, and low must be below high' as problem
    from {{ ref('health_score_weights') }}
    where weight < 0 or low >= high

    union all

    select 'there is no row for segment default' as problem
    from weights
    having count(case when segment = 'default' then 1 end) = 0
)

select * from problems
