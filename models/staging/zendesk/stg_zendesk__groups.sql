with source as (

    select * from {{ source('zendesk', 'groups') }}

),

newest as (

    {{ newest_versions('source', key=[clean_text('id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ vendor_key('zendesk', 'id') }} as group_id,
        {{ clean_text('name') }} as group_name,
        coalesce({{ to_boolean('deleted') }}, false) as is_deleted,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from newest

)

select * from renamed
