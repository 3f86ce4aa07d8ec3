{# Generated from the source declarations, so that a new object is watched from the day it is declared. #}
{% set objects = declared_objects() %}

with

{% for object in objects %}
    conflicts_{{ loop.index }} as (

        select
            '{{ object.source }}' as source,
            '{{ object.object }}' as object,
            row_key,
            cursor_value,
            count(distinct _row_hash) as versions,
            max(_row_hash) as winner_row_hash
        from (
            select
                {{ object.key }} as row_key,
                {{ object.cursor }} as cursor_value,
                _row_hash
            from {{ object.relation }}
        ) as versions
        group by row_key, cursor_value
        having min(_row_hash) <> max(_row_hash)

    ),

{% endfor %}

conflicts as (

    {% for object in objects %}
        select * from conflicts_{{ loop.index }}
        union all
    {% endfor %}
    -- The shape, also where nothing is declared.
    select
        cast(null as {{ dbt.type_string() }}) as source,
        cast(null as {{ dbt.type_string() }}) as object,
        cast(null as {{ dbt.type_string() }}) as row_key,
        cast(null as timestamp) as cursor_value,
        cast(null as bigint) as versions,
        cast(null as {{ dbt.type_string() }}) as winner_row_hash
    where 1 = 0

)

select * from conflicts
