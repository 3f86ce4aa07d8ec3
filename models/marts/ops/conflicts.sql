{# Generated from the source declarations, so that a new object is watched from the day it is declared. #}
{% set objects = declared_objects() %}

with

{% for object in objects %}
    -- Few keys have several rows: only theirs are told apart.
    repeated_{{ loop.index }} as (

        select {{ object.key }} as row_key
        from {{ object.relation }}
        group by {{ object.key }}
        having count(*) > 1

    ),

    conflicts_{{ loop.index }} as (

        select
            '{{ object.source }}' as source,
            '{{ object.object }}' as object,
            versions.row_key,
            versions.cursor_value,
            count(distinct versions._row_hash) as versions,
            max(versions._row_hash) as winner_row_hash
        from (
            select
                {{ object.key }} as row_key,
                {{ object.cursor }} as cursor_value,
                _row_hash
            from {{ object.relation }}
        ) as versions
        inner join repeated_{{ loop.index }} as repeated
            on versions.row_key is not distinct from repeated.row_key
        group by versions.row_key, versions.cursor_value
        having count(distinct versions._row_hash) > 1

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
