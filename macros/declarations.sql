{# What the source declarations say, for models that look at every landed object alike. The graph is known only when dbt
   executes; while it parses, the list is empty. #}

{# The declared objects in a fixed order: source, object, relation, key_prefix, key (SQL expression of the row's key as
   text), key_parts and cursor (SQL expressions over the raw columns), casts (the columns that are not text). #}
{% macro declared_objects() -%}
    {%- set objects = [] -%}
    {%- if execute and not is_linting() -%}
        {%- for node in graph.sources.values() | sort(attribute='unique_id') if node.config.meta.get('extract') -%}
            {%- set extract = node.config.meta['extract'] -%}
            {%- set prefix = (node.source_meta or {}).get('key_prefix') or node.config.meta.get('key_prefix', '') -%}
            {%- set cursors = [extract['cursor']] if extract.get('cursor') is string else extract.get('cursor', []) -%}
            {%- set key_parts, cursor_parts, casts = [], [], [] -%}
            {%- for name in extract['key'] -%}
                {%- do key_parts.append(clean_text(adapter.quote(name))) -%}
            {%- endfor -%}
            {%- for name in cursors -%}
                {%- do cursor_parts.append(to_timestamp(adapter.quote(name))) -%}
            {%- endfor -%}
            {%- for column in node.columns.values() if (column.data_type or 'varchar') != 'varchar' -%}
                {%- do casts.append({
                    'name': column.name,
                    'data_type': column.data_type,
                    'is_pii': column.config.meta.get('pii', false),
                    'text': adapter.quote(column.name),
                    'is_suspect': is_suspect(adapter.quote(column.name), column.data_type),
                }) -%}
            {%- endfor -%}
            {%- do objects.append({
                'source': node.source_name,
                'object': node.name,
                'relation': node.relation_name,
                'key': "'" ~ prefix ~ "' || " ~ key_parts | join(" || '|' || "),
                'key_parts': key_parts,
                'cursor': 'coalesce(' ~ (cursor_parts + ['cast(null as timestamp)']) | join(', ') ~ ')',
                'casts': casts,
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(objects) }}
{%- endmacro %}

{# Whether a raw value may be something else than its declared type: exact for all types but instants and days, where a
   value in an unusual form is suspected too. #}
{% macro is_suspect(column, data_type) -%}
    ({{ plain_instant(column) if data_type in ('timestamp', 'date') else cast_as(column, data_type) }} is null
    and trim({{ column }}) <> '')
{%- endmacro %}
