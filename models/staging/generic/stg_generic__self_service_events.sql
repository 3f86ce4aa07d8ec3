{{ config(materialized='table') }}

with source as (

    select * from {{ source('generic', 'self_service_events') }}

),

newest as (

    {{ newest_versions('source', key=[clean_text('event_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('event_id') }} as event_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('contact_id') }} as contact_id,
        {{ clean_text('session_id') }} as session_id,
        {{ to_timestamp('occurred_at') }} as occurred_at,
        {{ clean_text('kind') }} as kind,
        {{ clean_text('topic') }} as topic,
        {{ to_boolean('resolved') }} as resolved,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from newest

)

select * from renamed
