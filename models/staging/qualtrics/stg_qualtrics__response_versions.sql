{{ config(materialized='table') }}

with source as (

    select * from {{ source('qualtrics', 'responses') }}

),

versions as (

    {{ version_spans(
        'source',
        key=[clean_text('ResponseId')],
        cursor='coalesce(' ~ to_timestamp('RecordedDate') ~ ', ' ~ to_timestamp('EndDate') ~ ')',
    ) }}

),

renamed as (

    select
        {{ vendor_key('qualtrics', 'ResponseId') }} as response_id,
        {{ clean_text('ExternalReference') }} as contact_ref,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('case_id') }} as case_id,
        {{ clean_text('contact_id') }} as contact_id,
        cast(null as timestamp) as sent_at,
        {{ to_timestamp('StartDate') }} as started_at,
        coalesce({{ to_timestamp('RecordedDate') }}, {{ to_timestamp('EndDate') }}) as responded_at,
        {{ to_boolean('Finished') }} as is_finished,
        lower({{ clean_text('Status') }}) as status,
        lower({{ clean_text('DistributionChannel') }}) as distribution_channel,
        {{ to_json_text('_extra') }} as answers,
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
