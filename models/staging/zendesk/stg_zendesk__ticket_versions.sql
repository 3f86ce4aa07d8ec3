with source as (

    select * from {{ source('zendesk', 'tickets') }}

),

versions as (

    {{ version_spans(
        'source',
        key=[clean_text('id')],
        cursor='coalesce(' ~ to_timestamp('generated_timestamp') ~ ', ' ~ to_timestamp('updated_at') ~ ')',
    ) }}

),

renamed as (

    select
        {{ vendor_key('zendesk', 'id') }} as case_id,
        {{ vendor_key('zendesk', 'organization_id') }} as organization_id,
        {{ to_timestamp('created_at') }} as created_at,
        lower({{ clean_text('status') }}) = 'deleted' as is_deleted,
        coalesce({{ to_json_text('tags') }} like '%"closed_by_merge"%', false) as is_merged,
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
