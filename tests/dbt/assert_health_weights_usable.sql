{{ config(meta={'dagster': {'ref': {'name': 'health_score_weights'}}}) }}

-- Every row of health_score_weights can be used: it names a component and a segment, once; its weight is from 0 to 1,
-- low is below high and its direction is known. Every component has a default, and the weights of each segment (with
-- the default filled in) sum to 1.
{% set weight_text = cell_text('cast(coalesce(own.weight, defaults.weight) as double)') %}
{% set components = health_components() %}
{% set expected = "'" ~ components | join("', '") ~ "'" %}
with

rows_read as (
    select
        trim(component) as component,
        {{ seed_key('segment') }} as segment,
        weight,
        low,
        high,
        direction,
        count(*) over (partition by trim(component), {{ seed_key('segment') }}) as rows_of_key,
        concat(
            'health_score_weights, component "', {{ cell_text('component') }}, '", segment "',
            {{ cell_text('segment') }}, '": '
        ) as row_name
    from {{ ref('health_score_weights') }}
),

components as (
    {% for component in components %}
        select '{{ component }}' as component
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

segments as (
    select segment from rows_read
    where component in ({{ expected }})
    group by segment
),

weighed as (
    select
        segments.segment,
        count(*) as components,
        sum(coalesce(own.weight, defaults.weight)) as weights_sum,
        {{ ordered_text("concat(components.component, ' ', " ~ weight_text ~ ")") }} as weights_text
    from segments
    cross join components
    left join rows_read as own
        on
            segments.segment = own.segment
            and components.component = own.component
    left join rows_read as defaults
        on
            defaults.segment = 'default'
            and components.component = defaults.component
    group by segments.segment
),

problems as (
    select
        concat(
            row_name,
            'unknown component; expected {{ components | join(", ") }}. Correct the component or remove the row.'
        ) as problem
    from rows_read
    where component is null or component not in ({{ expected }})

    union all

    select concat(row_name, 'the segment is empty; expected a segment, or default. Fill it in.') as problem
    from rows_read
    where coalesce(segment, '') = ''

    union all

    select
        concat(
            row_name, 'stands ', cast(rows_of_key as {{ dbt.type_string() }}),
            ' times; expected once. Remove the others.'
        ) as problem
    from rows_read
    where rows_of_key > 1

    union all

    select
        concat(
            row_name, 'weight is "', {{ cell_text('cast(weight as double)') }},
            '"; expected a number from 0 to 1. Correct the weight.'
        ) as problem
    from rows_read
    where weight is null or weight < 0 or weight > 1

    union all

    select
        concat(
            row_name, 'low is "', {{ cell_text('cast(low as double)') }}, '" and high is "',
            {{ cell_text('cast(high as double)') }},
            '"; expected low below high. Correct the bounds; what is good when low has direction low_is_good.'
        ) as problem
    from rows_read
    where low is null or high is null or low >= high

    union all

    select
        concat(
            row_name, 'direction is "', {{ cell_text('direction') }},
            '"; expected high_is_good or low_is_good. Correct the direction.'
        ) as problem
    from rows_read
    where direction is null or direction not in ('high_is_good', 'low_is_good')

    union all

    select
        concat(
            'health_score_weights, component "', components.component, '", segment "default": there is no such row; ',
            'expected one, which holds for every segment without a row of its own. Add it.'
        ) as problem
    from components
    left join rows_read
        on
            components.component = rows_read.component
            and rows_read.segment = 'default'
    where rows_read.component is null

    union all

    select
        concat(
            'health_score_weights, segment "', {{ cell_text('segment') }}, '": weights sum to ',
            {{ cell_text('cast(weights_sum as double)') }}, ' (', weights_text,
            '); expected 1. Change them, and remember that the default fills in what the segment does not name.'
        ) as problem
    from weighed
    where
        components = {{ components | length }}
        and weights_sum <> 1
)

{{ fail_with_problems('problems') }}
