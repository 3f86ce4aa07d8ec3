{# Rows with one key are versions of one thing. These macros hold the rule that says which version a table of the as-of
   date shows, so that no model states it again.

   Newest known version: the greatest cursor before the end of the as-of day; a version without a cursor is the oldest.
   When nothing was known by then, the first version: what is learnt later about an old event must still place it.
   On a tie, and without cursors, the greatest row hash: content decides, never file names or order.

   All take `key`, a list of SQL expressions over `relation`, and `cursor`, one SQL expression of type timestamp, and
   keep all columns of `relation`, whose `_row_hash`, `_file_name` and `_line_number` they need. They add `version_at`
   (the cursor) and `first_known_at` (the smallest cursor of the key). #}

{# A select of one row per key: its newest known version. #}
{% macro newest_versions(relation, key, cursor) -%}
    {{ newest_of(keyed_versions(relation, key, cursor), key) }}
{%- endmacro %}

{# The same rows, for large tables of which few keys have several versions: only those are sorted. It reads the table three
   times, so `relation` is the table itself: a step of the query that is read so often would be kept whole in memory. #}
{% macro newest_versions_of_few(relation, key, cursor) -%}
    {%- set same_key -%}
        {%- for part in key -%}
            version_key_{{ loop.index }} is not distinct from repeated.repeated_key_{{ loop.index }}
            {{- ' and ' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    with repeated as (
        select
            {% for part in key %}
            {{ part }} as repeated_key_{{ loop.index }},
            {% endfor %}
            count(*) as versions
        from {{ relation }}
        group by {% for part in key %}{{ part }}{{ ', ' if not loop.last }}{% endfor %}
        having count(*) > 1
    )

    select
        keyed.*,
        keyed.version_at as first_known_at,
        1 as version_rank
    from {{ keyed_versions(relation, key, cursor) }} as keyed
    left join repeated
        on {{ same_key }}
    where repeated.versions is null

    union all

    {{ newest_of(
        '(select single.* from ' ~ keyed_versions(relation, key, cursor) ~ ' as single'
        ~ ' inner join repeated on ' ~ same_key ~ ')',
        key
    ) }}
{%- endmacro %}

{# Of keyed versions (a subquery), the newest known of each key. #}
{% macro newest_of(keyed_relation, key) -%}
    select ranked.*
    from (
        select
            keyed.*,
            min(version_at) over (partition by {{ key_columns(key) }}) as first_known_at,
            row_number() over (
                partition by {{ key_columns(key) }}
                order by
                    case when version_at >= {{ as_of_end() }} then 1 else 0 end,
                    case when version_at < {{ as_of_end() }} then version_at end desc nulls last,
                    version_at,
                    _row_hash desc,
                    _file_name,
                    _line_number
            ) as version_rank
        from {{ keyed_relation }} as keyed
    ) as ranked
    where ranked.version_rank = 1
{%- endmacro %}

{# A select of one row per key and cursor, ties resolved, with the span [valid_from, valid_to) in which it was the newest
   known. The first version is valid from 1900, the last until 9999: at day D the version with the greatest `valid_from`
   before the end of D holds. #}
{% macro version_spans(relation, key, cursor) -%}
    select
        numbered.*,
        case
            when numbered.version_number = 1 then cast('1900-01-01 00:00:00' as timestamp)
            else numbered.version_at
        end as valid_from,
        coalesce(
            lead(numbered.version_at) over (partition by {{ key_columns(key) }} order by numbered.version_number),
            cast('9999-12-31 00:00:00' as timestamp)
        ) as valid_to
    from (
        select
            untied.*,
            row_number() over (
                partition by {{ key_columns(key) }} order by untied.version_at nulls first
            ) as version_number
        from (
            select
                keyed.*,
                min(version_at) over (partition by {{ key_columns(key) }}) as first_known_at,
                row_number() over (
                    partition by {{ key_columns(key) }}, version_at
                    order by _row_hash desc, _file_name, _line_number
                ) as tie_rank
            from {{ keyed_versions(relation, key, cursor) }} as keyed
        ) as untied
        where untied.tie_rank = 1
    ) as numbered
{%- endmacro %}

{# The span that holds on the as-of date, for a model that shows the current version of a table of spans. #}
{% macro is_known_version() -%}
    valid_from < {{ as_of_end() }} and valid_to >= {{ as_of_end() }}
{%- endmacro %}

{% macro keyed_versions(relation, key, cursor) -%}
    (
        select
            versions.*,
            {% for part in key %}
            {{ part }} as version_key_{{ loop.index }},
            {% endfor %}
            {{ cursor }} as version_at
        from {{ relation }} as versions
    )
{%- endmacro %}

{% macro key_columns(key) -%}
    {%- for part in key -%}version_key_{{ loop.index }}{{ ', ' if not loop.last }}{%- endfor -%}
{%- endmacro %}
