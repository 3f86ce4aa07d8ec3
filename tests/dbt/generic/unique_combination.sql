{# The columns together identify a row. A row that lacks one of them fails too, except in `nullable` columns. #}
{% test unique_combination(model, columns, nullable=[]) %}

    select
        {{ columns | join(', ') }},
        count(*) as rows_with_this_key
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns if column not in nullable -%}
            or {{ column }} is null
        {% endfor %}

{% endtest %}
