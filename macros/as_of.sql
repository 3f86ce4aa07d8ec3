{# The as-of date as a Python date. A command that writes or judges tables must be told the date; parsing, compiling
   and linting use a fixed one, because they only need valid SQL. #}
{% macro as_of_day() -%}
    {%- set given = var('as_of_date', none) -%}
    {#- The job gives the date through the environment, because a changed --vars makes dbt parse everything again. -#}
    {%- if given is none and execute -%}
        {%- set given = env_var('EVERGREEN_AS_OF_DATE', '') -%}
    {%- endif -%}
    {%- if given is none or (given | string | trim) == '' -%}
        {%- if execute and flags.WHICH in ('run', 'build', 'test', 'retry', 'show', 'snapshot') -%}
            {{ exceptions.raise_compiler_error(
                "No as-of date. Every mart is a function of the extracts and one date, so pass it: "
                ~ "dbt " ~ flags.WHICH ~ " --vars '{as_of_date: \"2026-06-30\"}'"
            ) }}
        {%- endif -%}
        {%- set given = '2000-01-01' -%}
    {%- endif -%}
    {%- set text = given | string | trim -%}
    {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', text) -%}
        {{ exceptions.raise_compiler_error("as_of_date must be an ISO date such as 2026-06-30, not '" ~ text ~ "'") }}
    {%- endif -%}
    {{ return(modules.datetime.datetime.strptime(text, '%Y-%m-%d').date()) }}
{%- endmacro %}

{# The as-of date as SQL. #}
{% macro as_of_date() -%}
    cast('{{ as_of_day().isoformat() }}' as date)
{%- endmacro %}

{# The instant at which the as-of date is over (UTC): exclusive, so `occurred_at < as_of_end()` keeps its whole day. #}
{% macro as_of_end() -%}
    cast('{{ (as_of_day() + modules.datetime.timedelta(days=1)).isoformat() }} 00:00:00' as timestamp)
{%- endmacro %}

{# The first day the extracts know about (var data_start_date), as SQL; a null date when there is no such day. #}
{% macro data_start_date() -%}
    {{ return(day_setting('data_start_date')) }}
{%- endmacro %}

{# The day on which self-service was launched (var self_service_launch_date), as SQL; a null date when none is set. #}
{% macro self_service_launch_date() -%}
    {{ return(day_setting('self_service_launch_date')) }}
{%- endmacro %}

{# A day that the company sets as a variable, as SQL; a null date when it is not set. #}
{% macro day_setting(name) -%}
    {%- set text = (var(name, none) or '') | string | trim -%}
    {%- if text == '' -%}
        cast(null as date)
    {%- elif modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', text) -%}
        cast('{{ text }}' as date)
    {%- else -%}
        {{ exceptions.raise_compiler_error(name ~ " must be an ISO date such as 2023-01-01, not '" ~ text ~ "'") }}
    {%- endif -%}
{%- endmacro %}
