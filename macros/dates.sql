{# One row per step from `start` to `end`, both included, as column `name`. `part` is day, week or month; for months
   give first days. `start` and `end` are SQL expressions (literals or scalar subqueries) of type date. #}
{% macro date_steps(start, end, part='day', name='date_day') -%}
    {{ return(adapter.dispatch('date_steps')(start, end, part, name)) }}
{%- endmacro %}

{% macro default__date_steps(start, end, part, name) -%}
    select cast(unnest(generate_series(
        cast({{ start }} as timestamp), cast({{ end }} as timestamp), interval '1 {{ part }}'
    )) as date) as {{ name }}
{%- endmacro %}

{% macro spark__date_steps(start, end, part, name) -%}
    select explode(case
        when cast({{ start }} as date) <= cast({{ end }} as date)
            then sequence(cast({{ start }} as date), cast({{ end }} as date), interval 1 {{ part }})
    end) as {{ name }}
{%- endmacro %}

{# One row per month from the month of `start` to the month of `end`, as column `month` (its first day). #}
{% macro month_spine(start, end) -%}
    {{ date_steps(dbt.date_trunc('month', start), dbt.date_trunc('month', end), 'month', 'month') }}
{%- endmacro %}

{% macro day_spine(start, end) -%}
    {{ date_steps(start, end, 'day', 'date_day') }}
{%- endmacro %}

{# Wall-clock time of an IANA zone, as a timestamp without zone, at a UTC instant. `zone` is SQL. Both engines' sessions
   are in UTC, so a cast neither adds nor takes hours. #}
{% macro local_time(instant, zone) -%}
    {{ return(adapter.dispatch('local_time')(instant, zone)) }}
{%- endmacro %}

{% macro default__local_time(instant, zone) -%}
    timezone({{ zone }}, cast({{ instant }} as timestamptz))
{%- endmacro %}

{% macro spark__local_time(instant, zone) -%}
    from_utc_timestamp({{ instant }}, {{ zone }})
{%- endmacro %}

{# The day of `reporting_time_zone` on which a UTC instant lies: the day that service and voice tables count it in. #}
{% macro reporting_day(instant) -%}
    {%- set zone = var('reporting_time_zone', 'UTC') | string | trim -%}
    {%- if not modules.re.match('^[A-Za-z0-9_+/-]+$', zone) -%}
        {{ exceptions.raise_compiler_error(
            "reporting_time_zone must be an IANA zone such as Europe/Berlin, not '" ~ zone ~ "'"
        ) }}
    {%- endif -%}
    {%- if zone == 'UTC' -%}
        cast({{ instant }} as date)
    {%- else -%}
        cast({{ local_time(instant, "'" ~ zone ~ "'") }} as date)
    {%- endif -%}
{%- endmacro %}

{# The newest day of `reporting_time_zone` that has begun by the end of the as-of date. That date is a UTC day, so in another
   zone this day may be cut off: a day or month is complete when it is before reporting_day(as_of_end()). #}
{% macro last_reporting_day() -%}
    {{ reporting_day(dbt.dateadd('second', -1, as_of_end())) }}
{%- endmacro %}

{# Whether the month has ended, in the zone of the monthly tables, by the end of the as-of date. #}
{% macro is_reporting_month_complete(month) -%}
    {{ plus_months(month, 1) }} <= {{ reporting_day(as_of_end()) }}
{%- endmacro %}

{# Whole seconds since 1970-01-01 UTC; parts of a second are dropped, so that spans which meet add up. #}
{% macro epoch_seconds(instant) -%}
    {%- if is_linting() -%}{{ return('epoch(' ~ instant ~ ')') }}{%- endif -%}
    {{ return(adapter.dispatch('epoch_seconds')(instant)) }}
{%- endmacro %}

{% macro default__epoch_seconds(instant) -%}
    date_diff('second', cast('1970-01-01 00:00:00' as timestamp), {{ instant }})
{%- endmacro %}

{% macro spark__epoch_seconds(instant) -%}
    unix_timestamp({{ instant }})
{%- endmacro %}

{# The UTC instant of whole seconds since 1970-01-01. #}
{% macro instant_of(seconds) -%}
    {%- if is_linting() -%}{{ return('to_timestamp(' ~ seconds ~ ')') }}{%- endif -%}
    {{ return(adapter.dispatch('instant_of')(seconds)) }}
{%- endmacro %}

{% macro default__instant_of(seconds) -%}
    make_timestamp(cast({{ seconds }} as bigint) * 1000000)
{%- endmacro %}

{% macro spark__instant_of(seconds) -%}
    timestamp_seconds({{ seconds }})
{%- endmacro %}

{# Whole seconds from the first instant to the second, negative when the second is earlier. #}
{% macro seconds_from_to(first_instant, second_instant) -%}
    {%- if is_linting() -%}{{ return('datediff(' ~ first_instant ~ ', ' ~ second_instant ~ ')') }}{%- endif -%}
    ({{ epoch_seconds(second_instant) }} - {{ epoch_seconds(first_instant) }})
{%- endmacro %}
