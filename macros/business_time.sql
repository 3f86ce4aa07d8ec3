{# Business seconds out of int_schedule_segments: an instant lies in one segment of its schedule and UTC date, which
   knows how many open seconds went before it. Join the table once for each end of the span, with `lies_in_segment`; the
   span's business seconds are the difference. Null where an end is null or outside the calendar. #}

{# Join condition: the segment in which the instant lies. An equality on schedule and day, so that a join is linear. #}
{% macro lies_in_segment(segments, schedule, instant) -%}
    {{ schedule }} = {{ segments }}.schedule
            and cast({{ instant }} as date) = {{ segments }}.segment_date
            and {{ instant }} >= {{ segments }}.starts_at
            and {{ instant }} < {{ segments }}.ends_at
{%- endmacro %}

{# Open seconds of the schedule from the beginning of the calendar to the instant, which lies in the joined segment. #}
{% macro open_seconds_until(segments, instant) -%}
    ({{ segments }}.open_seconds_before
        + case when {{ segments }}.is_open then {{ seconds_from_to(segments ~ '.starts_at', instant) }} else 0 end)
{%- endmacro %}

{# Business seconds of [first_instant, second_instant), each with its joined segment. #}
{% macro business_seconds(first_segments, first_instant, second_segments, second_instant) -%}
    (
        {{ open_seconds_until(second_segments, second_instant) }}
        - {{ open_seconds_until(first_segments, first_instant) }}
    )
{%- endmacro %}

{# Wall clock minus UTC, in seconds, at a UTC instant. #}
{% macro zone_offset_seconds(instant, zone) -%}
    ({{ epoch_seconds(local_time(instant, zone)) }} - {{ epoch_seconds(instant) }})
{%- endmacro %}

{# Seconds from midnight of a wall-clock time written HH:MM. #}
{% macro clock_seconds(column) -%}
    (cast(substring({{ column }}, 1, 2) as integer) * 3600 + cast(substring({{ column }}, 4, 2) as integer) * 60)
{%- endmacro %}

{# The other way round: the first instant at which the open seconds since the beginning of the calendar are `position`
   (`open_seconds_until` of a start, plus at least one second). Open segments by the days' worth of open seconds that
   they hold, at most two each, so that the join has an equality here too: a CTE to join with `holds_position`. #}
{% macro open_positions(segments) -%}
    select
        {{ segments }}.schedule,
        {{ segments }}.starts_at,
        {{ segments }}.open_seconds_before,
        {{ segments }}.open_seconds_before
        + {{ seconds_from_to(segments ~ '.starts_at', segments ~ '.ends_at') }} as open_seconds_after,
        cast(floor({{ segments }}.open_seconds_before / 86400.0) as bigint) + open_days.further as open_day
    from {{ segments }}
    cross join (
        select 0 as further
        union all
        select 1 as further
    ) as open_days
    where
        {{ segments }}.is_open
        and (cast(floor({{ segments }}.open_seconds_before / 86400.0) as bigint) + open_days.further) * 86400
        < {{ segments }}.open_seconds_before
        + {{ seconds_from_to(segments ~ '.starts_at', segments ~ '.ends_at') }}
{%- endmacro %}

{# Join condition: the open segment in which the position is reached. #}
{% macro holds_position(positions, schedule, position) -%}
    {{ schedule }} = {{ positions }}.schedule
            and cast(floor(({{ position }} - 1) / 86400.0) as bigint) = {{ positions }}.open_day
            and {{ position }} > {{ positions }}.open_seconds_before
            and {{ position }} <= {{ positions }}.open_seconds_after
{%- endmacro %}

{# The instant at which it is reached. #}
{% macro instant_of_position(positions, position) -%}
    {{ instant_of(
        epoch_seconds(positions ~ '.starts_at') ~ ' + ' ~ position ~ ' - ' ~ positions ~ '.open_seconds_before'
    ) }}
{%- endmacro %}

{# Condition: the engine knows no such IANA zone. Engines also know abbreviations of three letters that mean different
   zones to each of them (IST, BST); of those only IANA's own are taken. Spark lists no zones; it refuses an unknown
   one where it is used. #}
{% macro is_unknown_time_zone(column) -%}
    {{ return(adapter.dispatch('is_unknown_time_zone')(column)) }}
{%- endmacro %}

{% macro is_ambiguous_time_zone(column) -%}
    (
        {{ matches(column, '^[A-Z]{3}$') }}
        and {{ column }} not in (
            'UTC', 'GMT', 'UCT', 'CET', 'EET', 'MET', 'WET', 'EST', 'MST', 'HST', 'PRC', 'ROC', 'ROK'
        )
    )
{%- endmacro %}

{% macro default__is_unknown_time_zone(column) -%}
    ({{ is_ambiguous_time_zone(column) }} or {{ column }} not in (select zones.name from pg_timezone_names() as zones))
{%- endmacro %}

{% macro spark__is_unknown_time_zone(column) -%}
    {{ is_ambiguous_time_zone(column) }}
{%- endmacro %}

{# Stops the query with this text, for tests whose message has to name the row. #}
{% macro raise_error(text) -%}
    {{ return(adapter.dispatch('raise_error')(text)) }}
{%- endmacro %}

{% macro default__raise_error(text) -%}
    error({{ text }})
{%- endmacro %}

{% macro spark__raise_error(text) -%}
    raise_error({{ text }})
{%- endmacro %}
