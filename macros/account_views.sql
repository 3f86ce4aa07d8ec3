{# Figures in the words of account_timeline and customer_actions. What is put together with || is null as soon as a part is, on both engines;
   concat is not. #}

{# An amount rounded to a whole one, with commas between thousands. #}
{% macro amount_text(expression) -%}
    {{ number_text('cast(round(' ~ expression ~ ') as bigint)', 0) }}
{%- endmacro %}

{# A number of days or the like: `1 day`, `1,200 days`. #}
{% macro counted_text(expression, unit) -%}
    {{ amount_text(expression) }} || case when {{ expression }} = 1 then ' {{ unit }}' else ' {{ unit }}s' end
{%- endmacro %}

{# What one line stands for beside itself, as the end of a sentence: `; 1 answer more`, `; 2 answers more`, or nothing. #}
{% macro more_text(count, unit) -%}
    case when {{ count }} > 1 then '; ' || {{ counted_text('(' ~ count ~ ' - 1)', unit) }} || ' more' else '' end
{%- endmacro %}

{# A decimal(18, 6) without the zeros at its end: 9, 4.5. #}
{% macro short_number_text(expression) -%}
    {{ replace_all('cast(' ~ expression ~ ' as ' ~ dbt.type_string() ~ ')', '[.]?0+$', '') }}
{%- endmacro %}

{# Seconds as whole minutes, from two hours on as hours, from two days on as days; what is begun does not count. #}
{% macro duration_text(seconds) -%}
    case
        when {{ seconds }} < 60 then 'less than a minute'
        when {{ seconds }} < 7200 then {{ counted_text('floor(' ~ seconds ~ ' / 60.0)', 'minute') }}
        when {{ seconds }} < 172800 then {{ counted_text('floor(' ~ seconds ~ ' / 3600.0)', 'hour') }}
        else {{ counted_text('floor(' ~ seconds ~ ' / 86400.0)', 'day') }}
    end
{%- endmacro %}

{# A seeded word as people read it. #}
{% macro plain_words(expression) -%}
    replace({{ expression }}, '_', ' ')
{%- endmacro %}

{# Parts of a sentence that are known, parted by semicolons; null when none is. #}
{% macro told_parts(parts) -%}
    nullif(concat_ws('; ', {{ parts | join(', ') }}), '')
{%- endmacro %}
