{{ config(materialized='table') }}

with source as (

    select * from {{ source('zendesk', 'ticket_audits') }}

),

-- An audit never changes, so the instant it describes is its version.
newest as (

    {{ newest_versions('source', key=[clean_text('id')], cursor=to_timestamp('created_at')) }}

),

renamed as (

    select
        {{ vendor_key('zendesk', 'id') }} as audit_id,
        {{ vendor_key('zendesk', 'ticket_id') }} as case_id,
        {{ to_timestamp('created_at') }} as occurred_at,
        {{ vendor_key('zendesk', 'author_id') }} as author_id,
        {{ json_text(to_json_text('via'), 'channel') }} as via_channel,
        {{ to_json_text('events') }} as events,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from newest

)

select * from renamed
