{# CTEs that end in `ultimate_parents` (<key>, ultimate_parent_id): the top of each row's chain of parents. Each step
   doubles the distance looked up, so five steps climb 32 levels with five joins and no recursion. A parent that is not
   in `relation` ends the chain; a row whose chain never ends (a cycle) is its own top. #}
{% macro ultimate_parents(relation, key, parent, steps=5) -%}
climbed_0 as (
    select
        children.{{ key }},
        coalesce(parents.{{ key }}, children.{{ key }}) as ancestor_id,
        parents.{{ key }} is null as is_top
    from {{ relation }} as children
    left join {{ relation }} as parents
        on
            children.{{ parent }} = parents.{{ key }}
            and children.{{ key }} <> parents.{{ key }}
),

{% for step in range(1, steps + 1) %}
climbed_{{ step }} as (
    select
        children.{{ key }},
        parents.ancestor_id
    from climbed_{{ step - 1 }} as children
    inner join climbed_{{ step - 1 }} as parents
        on children.ancestor_id = parents.{{ key }}
),

{% endfor %}
ultimate_parents as (
    select
        climbed_{{ steps }}.{{ key }},
        case when tops.is_top then climbed_{{ steps }}.ancestor_id else climbed_{{ steps }}.{{ key }} end as ultimate_parent_id
    from climbed_{{ steps }}
    inner join climbed_0 as tops
        on climbed_{{ steps }}.ancestor_id = tops.{{ key }}
)
{%- endmacro %}
