{# The words of a case's life, as seed status_map spells them. A status that the seed does not know is in neither list. #}
{% macro is_open_status(status) -%}
    {{ status }} in ('new', 'open', 'pending', 'on_hold')
{%- endmacro %}

{% macro is_solved_status(status) -%}
    {{ status }} in ('solved', 'closed')
{%- endmacro %}

{# The last value of the window that is not null, as a window function: an `over` follows. #}
{% macro last_known(expression) -%}
    {{ return(adapter.dispatch('last_known')(expression)) }}
{%- endmacro %}

{% macro default__last_known(expression) -%}
    last_value({{ expression }} ignore nulls)
{%- endmacro %}

{% macro spark__last_known(expression) -%}
    last_value({{ expression }}, true)
{%- endmacro %}
