{{ config(materialized='table') }}

with source as (

    select * from {{ source('zendesk', 'satisfaction_ratings') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ vendor_key('zendesk', 'id') }} as rating_id,
        {{ vendor_key('zendesk', 'ticket_id') }} as case_id,
        {{ vendor_key('zendesk', 'requester_id') }} as requester_id,
        {{ vendor_key('zendesk', 'assignee_id') }} as assignee_id,
        lower({{ clean_text('score') }}) as score,
        {{ clean_text('comment') }} as comment,
        {{ to_timestamp('created_at') }} as created_at,
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
