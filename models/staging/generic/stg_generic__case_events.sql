{{ config(materialized='table') }}

with newest as (

    {{ newest_versions_of_few(
        source('generic', 'case_events'), key=[clean_text('event_id')], cursor=to_timestamp('updated_at')
    ) }}

),

renamed as (

    select
        {{ clean_text('event_id') }} as event_id,
        {{ clean_text('case_id') }} as case_id,
        {{ to_timestamp('occurred_at') }} as occurred_at,
        {{ clean_text('event_type') }} as event_type,
        {{ clean_text('actor_type') }} as actor_type,
        {{ clean_text('actor_id') }} as actor_id,
        {{ clean_text('from_value') }} as from_value,
        {{ clean_text('to_value') }} as to_value,
        {{ to_integer('handle_seconds') }} as handle_seconds,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from newest

)

select * from renamed
