{# Raw columns are text; these macros are the only place where text becomes something else. A value that is not what it
   should be becomes null, on both engines alike, and models/marts/ops/cast_failures lists it. The accepted forms are
   spelled out as patterns because each engine's own cast accepts different oddities ('infinity', '1_000', '24:00'). #}

{# The linter reads models, not what these macros write: with the variable `linting` (set in .sqlfluff) each cast is one
   word, which makes linting many times faster. #}
{% macro is_linting() -%}
    {{ return(var('linting', false)) }}
{%- endmacro %}

{# Text without surrounding spaces; empty is null. Trimming costs more than looking whether there is anything to trim. #}
{% macro clean_text(column) -%}
    {%- if is_linting() -%}{{ return('trim(' ~ column ~ ')') }}{%- endif -%}
    case
        when {{ column }} like ' %' or {{ column }} like '% ' then nullif(trim({{ column }}), '')
        else nullif({{ column }}, '')
    end
{%- endmacro %}

{% macro matches(expression, pattern) -%}
    {{ return(adapter.dispatch('matches')(expression, pattern)) }}
{%- endmacro %}

{% macro default__matches(expression, pattern) -%}
    regexp_matches({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches(expression, pattern) -%}
    ({{ expression }} rlike '{{ pattern }}')
{%- endmacro %}

{# An instant, as a UTC timestamp without zone. Accepted: an ISO 8601 date, or date and time to the minute, second or
   fraction, separated by T or a space; UTC unless it ends in an offset; Salesforce's `…Z-0300` is an offset. Ten digits
   are whole seconds since 1970 (Zendesk's generated_timestamp). #}
{% macro to_timestamp(column) -%}
    {{ return(adapter.dispatch('to_timestamp')(column) if not is_linting() else 'cast(' ~ column ~ ' as timestamp)') }}
{%- endmacro %}

{# What nearly all exports write: the engines' own casts read it as it stands. #}
{% macro plain_instant(column) -%}
    case
        when {{ matches(
            column, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}([.][0-9]+)?Z?)?$'
        ) }}
            then try_cast({{ column }} as timestamp)
    end
{%- endmacro %}

{# Everything else that is accepted. Spaces around are part of the pattern: `trim(column)`, written several times, would be
   computed once for every row, also for those of the plain form. #}
{% macro instant_pattern() -%}
    ^ *[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]+)?)? ?(Z|z|UTC)? ?([+-][0-9]{2}(:?[0-9]{2})?)?)? *$
{%- endmacro %}

{# The plain form is told apart because DuckDB's cast to `timestamp`, which ignores offsets, costs a fifth of its cast to
   `timestamptz`. The rest is normalised to seconds and an offset, if any. Short, because DuckDB plans it once for each
   column of each query. #}
{% macro default__to_timestamp(column) -%}
    coalesce(
        {{ plain_instant(column) }},
        case
            when {{ matches(column, instant_pattern()) }}
                then cast(try_cast(regexp_replace(
                    regexp_replace({{ column }}, ' ?(Z|z|UTC)? ?([+-][0-9:]+)? *$', '\2'),
                    '^ *([0-9].{12}:[0-9]{2})($|[+-])', '\1:00\2'
                ) as timestamptz) as timestamp)
            when {{ matches(column, '^[0-9]{10}$') }}
                then {{ epoch_to_timestamp(column) }}
        end
    )
{%- endmacro %}

{# Spark's cast honours offsets; the session is in UTC. #}
{% macro spark__to_timestamp(column) -%}
    coalesce(
        {{ plain_instant(column) }},
        case
            when {{ matches(column, instant_pattern()) }}
                then try_cast(regexp_replace(
                    regexp_replace({{ column }}, ' ?(Z|z|UTC)? ?([+-][0-9:]+)? *$', '$2'),
                    '^ *([0-9].{12}:[0-9]{2})($|[+-])', '$1:00$2'
                ) as timestamp)
            when {{ matches(column, '^[0-9]{10}$') }}
                then {{ epoch_to_timestamp(column) }}
        end
    )
{%- endmacro %}

{# Whole seconds since 1970-01-01 UTC, as ten digits. #}
{% macro epoch_to_timestamp(column) -%}
    {{ return(adapter.dispatch('epoch_to_timestamp')(column)) }}
{%- endmacro %}

{% macro default__epoch_to_timestamp(column) -%}
    make_timestamp(try_cast({{ column }} || '000000' as bigint))
{%- endmacro %}

{% macro spark__epoch_to_timestamp(column) -%}
    timestamp_seconds(try_cast({{ column }} as bigint))
{%- endmacro %}

{# The calendar day (UTC) of an ISO date or ISO instant; an impossible time makes the day null too. #}
{% macro to_date(column) -%}
    cast({{ to_timestamp(column) }} as date)
{%- endmacro %}

{# decimal(18, 6): exact, so that sums do not depend on the order of the rows. Both engines' casts skip spaces around. #}
{% macro to_decimal(column) -%}
    {%- if is_linting() -%}{{ return('cast(' ~ column ~ ' as decimal(18, 6))') }}{%- endif -%}
    case
        when {{ matches(column, '^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})? *$') }}
            then try_cast({{ column }} as decimal(18, 6))
    end
{%- endmacro %}

{# A whole number; `12.0` is one (spreadsheets write it), `12.5` is not. #}
{% macro to_integer(column) -%}
    {%- if is_linting() -%}{{ return('cast(' ~ column ~ ' as bigint)') }}{%- endif -%}
    case
        when {{ matches(column, '^ *[+-]?[0-9]+([.]0*)? *$') }}
            then {{ digits_to_integer(column) }}
    end
{%- endmacro %}

{% macro digits_to_integer(column) -%}
    {{ return(adapter.dispatch('digits_to_integer')(column)) }}
{%- endmacro %}

{% macro default__digits_to_integer(column) -%}
    try_cast({{ column }} as bigint)
{%- endmacro %}

{% macro spark__digits_to_integer(column) -%}
    try_cast(regexp_replace({{ column }}, '[.]0* *$', '') as bigint)
{%- endmacro %}

{# By patterns, which DuckDB plans and runs far faster than two lists of words. #}
{% macro to_boolean(column) -%}
    {%- if is_linting() -%}{{ return('cast(' ~ column ~ ' as boolean)') }}{%- endif -%}
    case
        when {{ matches(column, '(?i)^ *(true|t|yes|y|1|1[.]0) *$') }} then true
        when {{ matches(column, '(?i)^ *(false|f|no|n|0|0[.]0) *$') }} then false
    end
{%- endmacro %}

{# Nested JSON stays text, but only when it is JSON: later models take it apart without checking again. #}
{% macro to_json_text(column) -%}
    {{ return(adapter.dispatch('to_json_text')(column)) }}
{%- endmacro %}

{% macro default__to_json_text(column) -%}
    case when json_valid({{ column }}) then {{ column }} end
{%- endmacro %}

{% macro spark__to_json_text(column) -%}
    case when get_json_object({{ column }}, '$') is not null then {{ column }} end
{%- endmacro %}

{# The cast that a declared `data_type` asks for. #}
{% macro cast_as(column, data_type) -%}
    {%- set kind = data_type | lower | trim -%}
    {%- if kind == 'varchar' -%}{{ clean_text(column) }}
    {%- elif kind == 'timestamp' -%}{{ to_timestamp(column) }}
    {%- elif kind == 'date' -%}{{ to_date(column) }}
    {%- elif kind == 'decimal' -%}{{ to_decimal(column) }}
    {%- elif kind == 'integer' -%}{{ to_integer(column) }}
    {%- elif kind == 'boolean' -%}{{ to_boolean(column) }}
    {%- elif kind == 'json' -%}{{ to_json_text(column) }}
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "Column " ~ column ~ " is declared as '" ~ data_type
            ~ "'; known: varchar, timestamp, date, decimal, integer, boolean, json"
        ) }}
    {%- endif -%}
{%- endmacro %}

{# The id of a vendor's record as all models know it: `salesforce:001A…`; null stays null. #}
{% macro vendor_key(source_name, column) -%}
    '{{ source_name }}:' || {{ clean_text(column) }}
{%- endmacro %}

{# The standard word for a vendor's word, from the seed vendor_values; a word without a row there stays as it is, in
   lower case, so that tests on accepted values show it. `values` is the CTE that holds the seed. #}
{% macro standard_value(values, source_name, field, expression) -%}
    coalesce(
        (
            select max({{ values }}.standard_value)
            from {{ values }}
            where
                {{ values }}.source = '{{ source_name }}'
                and {{ values }}.field = '{{ field }}'
                and {{ values }}.vendor_value = lower({{ expression }})
        ),
        lower({{ expression }})
    )
{%- endmacro %}

{# The host of a web address, in lower case, without user, port, path and a leading `www.`. #}
{% macro web_host(column) -%}
    {%- if is_linting() -%}{{ return('lower(' ~ column ~ ')') }}{%- endif -%}
    nullif(
        regexp_replace(
            regexp_replace(
                regexp_replace(lower(trim({{ column }})), '^([a-z]+://)?([^@/]*@)?', ''),
                '[/:?#].*$', ''
            ),
            '^www[.]', ''
        ),
        ''
    )
{%- endmacro %}
