{{ config(materialized='table') }}

with source as (

    select * from {{ source('zendesk', 'organizations') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ vendor_key('zendesk', 'id') }} as organization_id,
        {{ clean_text('name') }} as organization_name,
        {{ clean_text('external_id') }} as external_id,
        {{ to_json_text('domain_names') }} as domain_names,
        {{ to_timestamp('created_at') }} as created_at,
        {{ clean_text('deleted_at') }} is not null as is_deleted,
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
