with source as (

    select * from {{ source('generic', 'cases') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('case_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('case_id') }} as case_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('contact_id') }} as contact_id,
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
