{{ config(materialized='table') }}

with source as (

    select * from {{ source('generic', 'survey_responses') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('response_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('response_id') }} as response_id,
        {{ clean_text('survey_type') }} as survey_type,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('contact_id') }} as contact_id,
        {{ clean_text('case_id') }} as case_id,
        {{ clean_text('agent_id') }} as agent_id,
        {{ to_timestamp('sent_at') }} as sent_at,
        {{ to_timestamp('responded_at') }} as responded_at,
        {{ to_decimal('score') }} as score,
        {{ to_decimal('scale_min') }} as scale_min,
        {{ to_decimal('scale_max') }} as scale_max,
        {{ to_boolean('high_is_good') }} as high_is_good,
        {{ clean_text('comment') }} as comment,
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
