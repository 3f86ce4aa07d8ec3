{# Generated from the source declarations, so that a new object is watched from the day it is declared. Each object is
   scanned once: the rows with any failure first, which are few, then one row per failing column of those. #}
{% set objects = declared_objects() | selectattr('casts') | list %}

with

{% for object in objects %}
    failing_{{ loop.index }} as (

        select *
        from {{ object.relation }}
        where
            {% for column in object.casts %}
                {{ 'or ' if not loop.first }}({{ column.value }} is null and {{ column.text }} is not null)
            {% endfor %}

    ),

    failures_{{ loop.index }} as (

        select
            '{{ object.source }}' as source,
            '{{ object.object }}' as object,
            declared.column_name,
            {{ object.key }} as row_key,
            case declared.column_name
                {% for column in object.casts %}
                    when '{{ column.name }}' then {{ "'[withheld]'" if column.is_pii else column.text }}
                {% endfor %}
            end as value_text,
            failing._file_name as file_name,
            failing._file_sha256 as file_sha256,
            failing._line_number as line_number
        from failing_{{ loop.index }} as failing
        cross join (
            {% for column in object.casts %}
                {{ 'union all ' if not loop.first }}select '{{ column.name }}' as column_name
            {% endfor %}
        ) as declared
        where
            case declared.column_name
                {% for column in object.casts %}
                    when '{{ column.name }}' then {{ column.value }} is null and {{ column.text }} is not null
                {% endfor %}
            end

    ),

{% endfor %}

failures as (

    {% for object in objects %}
        select * from failures_{{ loop.index }}
        union all
    {% endfor %}
    -- The shape, also where nothing is declared.
    select
        cast(null as {{ dbt.type_string() }}) as source,
        cast(null as {{ dbt.type_string() }}) as object,
        cast(null as {{ dbt.type_string() }}) as column_name,
        cast(null as {{ dbt.type_string() }}) as row_key,
        cast(null as {{ dbt.type_string() }}) as value_text,
        cast(null as {{ dbt.type_string() }}) as file_name,
        cast(null as {{ dbt.type_string() }}) as file_sha256,
        cast(null as bigint) as line_number
    where 1 = 0

)

select * from failures
