{# Text at a path of a JSON text column, or null: `json_text('via', 'channel')`, `json_text('fields', '0.value')`.
   Parts are divided by dots, a number is an array index; a name that has a dot in it goes into a list instead. #}
{% macro json_text(column, path) -%}
    {%- set parts = path.split('.') if path is string else path -%}
    {{ return(adapter.dispatch('json_text')(column, parts)) }}
{%- endmacro %}

{% macro default__json_text(column, parts) -%}
    {%- set steps = [] -%}
    {%- for part in parts -%}
        {%- do steps.append('[' ~ part ~ ']' if modules.re.match('^[0-9]+$', part | string) else '."' ~ part ~ '"') -%}
    {%- endfor -%}
    json_extract_string({{ column }}, '${{ steps | join('') }}')
{%- endmacro %}

{% macro spark__json_text(column, parts) -%}
    {%- set steps = [] -%}
    {%- for part in parts -%}
        {%- do steps.append('[' ~ part ~ ']' if modules.re.match('^[0-9]+$', part | string) else "[\\'" ~ part ~ "\\']") -%}
    {%- endfor -%}
    get_json_object({{ column }}, '${{ steps | join('') }}')
{%- endmacro %}

{# A select with one row per element of a JSON array: the columns to `carry`, the element's position from 0, and the
   element as text (a string without its quotes, an object or array as JSON). Rows without an array vanish. #}
{% macro explode_json_array(relation, column, carry, element='element', position='element_index') -%}
    {{ return(adapter.dispatch('explode_json_array')(relation, column, carry, element, position)) }}
{%- endmacro %}

{% macro default__explode_json_array(relation, column, carry, element, position) -%}
    select
        {% for name in carry %}{{ name }}, {% endfor %}
        unnest(range(cast(json_array_length({{ column }}) as bigint))) as {{ position }},
        unnest(json_extract_string({{ column }}, '$[*]')) as {{ element }}
    from {{ relation }}
    where json_array_length({{ column }}) > 0
{%- endmacro %}

{% macro spark__explode_json_array(relation, column, carry, element, position) -%}
    select
        {% for name in carry %}{{ name }}, {% endfor %}
        posexplode(from_json({{ column }}, 'array<string>')) as ({{ position }}, {{ element }})
    from {{ relation }}
{%- endmacro %}

{# A select with one row per entry of a JSON object: the columns to `carry`, the name, and the value as text (null for
   a JSON null). Rows without an object vanish. #}
{% macro explode_json_object(relation, column, carry, name='entry_name', value='entry_value') -%}
    {{ return(adapter.dispatch('explode_json_object')(relation, column, carry, name, value)) }}
{%- endmacro %}

{% macro default__explode_json_object(relation, column, carry, name, value) -%}
    select
        {% for carried in carry %}{{ carried }}, {% endfor %}
        unnest(json_keys({{ column }})) as {{ name }},
        unnest(json_extract_string({{ column }}, '$.*')) as {{ value }}
    from {{ relation }}
    where {{ column }} is not null
{%- endmacro %}

{% macro spark__explode_json_object(relation, column, carry, name, value) -%}
    select
        {% for carried in carry %}{{ carried }}, {% endfor %}
        explode(from_json({{ column }}, 'map<string,string>')) as ({{ name }}, {{ value }})
    from {{ relation }}
{%- endmacro %}

{# The text of `value` in the first object of a JSON array of {id, value} objects whose id is in `ids`, a SQL text of
   ids each between two commas (',1,22,'); null when there is none. #}
{% macro value_by_id(column, ids) -%}
    {{ return(adapter.dispatch('value_by_id')(column, ids) if not is_linting() else column) }}
{%- endmacro %}

{% macro default__value_by_id(column, ids) -%}
    list_extract(
        list_filter(
            from_json({{ column }}, '[{"id": "VARCHAR", "value": "VARCHAR"}]'),
            lambda entry: entry.value is not null and contains({{ ids }}, ',' || entry.id || ',')
        ),
        1
    ).value
{%- endmacro %}

{% macro spark__value_by_id(column, ids) -%}
    get(
        filter(
            from_json({{ column }}, 'array<struct<id:string,value:string>>'),
            entry -> entry.value is not null and contains({{ ids }}, ',' || entry.id || ',')
        ),
        0
    ).value
{%- endmacro %}

{# The ids of the Zendesk custom fields that mean `meaning`, as value_by_id wants them; several may mean the same.
   `fields` is the CTE that holds the seed zendesk_custom_fields. #}
{% macro zendesk_field_ids(fields, meaning) -%}
    (
        select ',' || {{ dbt.listagg('cast(' ~ fields ~ '.field_id as ' ~ dbt.type_string() ~ ')', "','") }} || ','
        from {{ fields }}
        where {{ fields }}.meaning = '{{ meaning }}'
    )
{%- endmacro %}

{# A select with one row per element of a JSON array of objects: the columns to `carry`, the element's position from 0, and
   the `fields` (name → path of one or two parts) as text. One pass over the text, however many fields: take this instead
   of explode_json_array and json_text where the array is long. Rows without an array vanish. #}
{% macro explode_json_records(relation, column, carry, fields, position='element_index') -%}
    {%- set tree = {} -%}
    {%- for path in fields.values() -%}
        {%- set parts = path.split('.') -%}
        {%- if parts | length == 1 -%}{%- do tree.update({parts[0]: none}) -%}
        {%- else -%}{%- do tree.update({parts[0]: (tree.get(parts[0]) or []) + [parts[1]]}) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(adapter.dispatch('explode_json_records')(relation, column, carry, fields, tree, position)) }}
{%- endmacro %}

{% macro default__explode_json_records(relation, column, carry, fields, tree, position) -%}
    {%- set members = [] -%}
    {%- for name, parts in tree.items() -%}
        {%- if parts is none -%}{%- do members.append('"' ~ name ~ '":"VARCHAR"') -%}
        {%- else -%}{%- do members.append('"' ~ name ~ '":{"' ~ parts | join('":"VARCHAR","') ~ '":"VARCHAR"}') -%}{%- endif -%}
    {%- endfor -%}
    select
        {% for carried in carry %}{{ carried }}, {% endfor %}
        {{ position }}{% for name, path in fields.items() %},
        record['{{ path.split('.') | join("']['") }}'] as {{ name }}
        {%- endfor %}
    from (
        select
            {% for carried in carry %}{{ carried }}, {% endfor %}
            unnest(range(cast(json_array_length({{ column }}) as bigint))) as {{ position }},
            unnest(from_json({{ column }}, '[{ {{- members | join(',') -}} }]')) as record
        from {{ relation }}
        where json_array_length({{ column }}) > 0
    ) as exploded
{%- endmacro %}

{% macro spark__explode_json_records(relation, column, carry, fields, tree, position) -%}
    {%- set members = [] -%}
    {%- for name, parts in tree.items() -%}
        {%- if parts is none -%}{%- do members.append('`' ~ name ~ '`: string') -%}
        {%- else -%}{%- do members.append('`' ~ name ~ '`: struct<`' ~ parts | join('`: string, `') ~ '`: string>') -%}{%- endif -%}
    {%- endfor -%}
    select
        {% for carried in carry %}{{ carried }}, {% endfor %}
        {{ position }}{% for name, path in fields.items() %},
        record.`{{ path.split('.') | join('`.`') }}` as {{ name }}
        {%- endfor %}
    from (
        select
            {% for carried in carry %}{{ carried }}, {% endfor %}
            posexplode(from_json({{ column }}, 'array<struct<{{ members | join(', ') }}>>')) as ({{ position }}, record)
        from {{ relation }}
    ) as exploded
{%- endmacro %}
