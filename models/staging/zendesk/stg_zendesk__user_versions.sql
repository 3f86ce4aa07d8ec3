{{ config(materialized='table') }}

with source as (

    select * from {{ source('zendesk', 'users') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ vendor_key('zendesk', 'id') }} as user_id,
        {{ clean_text('role') }} as role,
        {{ clean_text('name') }} as full_name,
        {{ vendor_key('zendesk', 'organization_id') }} as organization_id,
        (
            coalesce({{ to_json_text('tags') }} like '%"bot"%', false)
            or coalesce({{ to_boolean(json_text(to_json_text('user_fields'), 'is_bot')) }}, false)
        ) as is_bot,
        {{ vendor_key('zendesk', 'default_group_id') }} as group_id,
        {{ to_timestamp('created_at') }} as created_at,
        coalesce({{ to_boolean('active') }}, true) as is_active,
        coalesce({{ to_boolean('permanently_deleted') }}, false) as is_deleted,
        valid_from,
        valid_to,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from versions

)

select * from renamed
