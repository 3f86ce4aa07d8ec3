{# Generated from the source declarations, so that a new object is watched from the day it is declared. Each object is
   scanned once, for rows with a value under suspicion, which are few; only those are judged in full. #}
{% set objects = declared_objects() | selectattr('casts') | list %}
{% set widest = objects | map(attribute='casts') | map('length') | max if objects else 1 %}
{% set text_type = dbt.type_string() %}

with

{% for object in objects %}
    scanned_{{ loop.index }} as (

        select
            '{{ object.source }}' as source,
            '{{ object.object }}' as object,
            {{ object.key }} as row_key,
            {% for position in range(1, widest + 1) %}
                {% set column = object.casts[position - 1] if position <= object.casts | length else none %}
                {{ column.text if column else 'cast(null as ' ~ text_type ~ ')' }} as text_{{ position }},
                {{ column.is_suspect if column else 'false' }} as is_suspect_{{ position }},
            {% endfor %}
            _file_name as file_name,
            _file_sha256 as file_sha256,
            _line_number as line_number
        from {{ object.relation }}

    ),

{% endfor %}

suspects as (

    {% for object in objects %}
        select * from scanned_{{ loop.index }}
        where {% for column in object.casts %}{{ ' or ' if not loop.first }}is_suspect_{{ loop.index }}{% endfor %}
        union all
    {% endfor %}
    -- The shape, also where nothing is declared.
    select
        cast(null as {{ text_type }}) as source,
        cast(null as {{ text_type }}) as object,
        cast(null as {{ text_type }}) as row_key,
        {% for position in range(1, widest + 1) %}
            cast(null as {{ text_type }}) as text_{{ position }},
            false as is_suspect_{{ position }},
        {% endfor %}
        cast(null as {{ text_type }}) as file_name,
        cast(null as {{ text_type }}) as file_sha256,
        cast(null as bigint) as line_number
    where 1 = 0

),

declared as (

    select declared_columns.*
    from (
        values
        {% for object in objects %}
            {% for column in object.casts %}
                (
                    '{{ object.source }}', '{{ object.object }}', {{ loop.index }},
                    '{{ column.name }}', '{{ column.data_type }}', {{ column.is_pii | lower }}
                ),
            {% endfor %}
        {% endfor %}
        ('', '', 0, '', '', false)
    ) as declared_columns (source, object, column_position, column_name, data_type, is_pii)

),

suspicious_values as (

    select
        suspects.source,
        suspects.object,
        declared.column_name,
        declared.data_type,
        declared.is_pii,
        suspects.row_key,
        case declared.column_position
            {% for position in range(1, widest + 1) %}
                when {{ position }} then suspects.text_{{ position }}
            {% endfor %}
        end as value_text,
        suspects.file_name,
        suspects.file_sha256,
        suspects.line_number
    from suspects
    inner join declared on suspects.source = declared.source and suspects.object = declared.object
    where
        case declared.column_position
            {% for position in range(1, widest + 1) %}
                when {{ position }} then suspects.is_suspect_{{ position }}
            {% endfor %}
        end

),

failures as (

    select
        source,
        object,
        column_name,
        row_key,
        case when is_pii then '[withheld]' else trim(value_text) end as value_text,
        file_name,
        file_sha256,
        line_number
    from suspicious_values
    where data_type not in ('timestamp', 'date') or {{ to_timestamp('value_text') }} is null

)

select * from failures
