{{ config(materialized='table') }}

with source as (

    select * from {{ source('salesforce', 'contact') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('Id')], cursor=to_timestamp('SystemModstamp')) }}

),

renamed as (

    select
        {{ vendor_key('salesforce', 'Id') }} as contact_id,
        {{ vendor_key('salesforce', 'AccountId') }} as account_id,
        {{ clean_text('Name') }} as full_name,
        {{ clean_text('Email') }} as email,
        {{ clean_text('Title') }} as role,
        {{ to_timestamp('CreatedDate') }} as created_at,
        coalesce({{ to_boolean('IsDeleted') }}, false) as is_deleted,
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
