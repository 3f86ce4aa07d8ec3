{{ config(materialized='table') }}

with source as (

    select * from {{ source('generic', 'contacts') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('contact_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('contact_id') }} as contact_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('full_name') }} as full_name,
        {{ clean_text('email') }} as email,
        {{ clean_text('role') }} as role,
        {{ to_timestamp('created_at') }} as created_at,
        coalesce({{ to_boolean('is_deleted') }}, false) as is_deleted,
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
