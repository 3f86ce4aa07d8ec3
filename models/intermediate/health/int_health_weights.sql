{%- set components = health_components() -%}

with

score_weights as (
    select
        component,
        {{ seed_key('segment') }} as segment,
        weight,
        low,
        high,
        direction
    from {{ ref('health_score_weights') }}
),

segments as (
    select distinct segment
    from score_weights
),

-- A segment's own row wins; a component that it does not mention is weighed as for everybody.
resolved as (
    select
        segments.segment,
        defaults.component,
        coalesce(own.weight, defaults.weight) as weight,
        coalesce(own.low, defaults.low) as low,
        coalesce(own.high, defaults.high) as high,
        coalesce(own.direction, defaults.direction) as direction
    from segments
    inner join score_weights as defaults
        on defaults.segment = 'default'
    left join score_weights as own
        on
            segments.segment = own.segment
            and defaults.component = own.component
),

weights as (
    select
        {% for component in components %}
            max(case when component = '{{ component }}' then weight end) as {{ component }}_weight,
            max(case when component = '{{ component }}' then low end) as {{ component }}_low,
            max(case when component = '{{ component }}' then high end) as {{ component }}_high,
            max(case when component = '{{ component }}' then direction end) as {{ component }}_direction,
        {% endfor %}
        segment
    from resolved
    group by segment
)

select * from weights
