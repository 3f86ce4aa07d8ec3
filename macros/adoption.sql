{# Whether a usage row tells of any use. One without numbers, of a system that counts no people or events, does. #}
{% macro is_use() -%}
    coalesce(greatest(active_users, event_count), 1) > 0
{%- endmacro %}
