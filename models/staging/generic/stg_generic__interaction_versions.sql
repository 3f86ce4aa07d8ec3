{{ config(materialized='table') }}

with source as (

    select * from {{ source('generic', 'interactions') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('interaction_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('interaction_id') }} as interaction_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('contact_id') }} as contact_id,
        {{ clean_text('kind') }} as kind,
        {{ clean_text('direction') }} as direction,
        {{ to_timestamp('occurred_at') }} as occurred_at,
        {{ to_integer('duration_seconds') }} as duration_seconds,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('subject') }} as subject,
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
