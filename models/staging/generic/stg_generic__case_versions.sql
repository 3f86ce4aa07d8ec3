{{ config(materialized='table') }}

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
        {{ clean_text('status') }} as status,
        {{ clean_text('priority') }} as priority,
        {{ clean_text('channel') }} as channel,
        {{ clean_text('topic') }} as topic,
        {{ clean_text('product') }} as product,
        {{ clean_text('case_type') }} as case_type,
        {{ clean_text('team') }} as team,
        {{ clean_text('assignee_id') }} as assignee_id,
        {{ clean_text('service_process') }} as service_process,
        {{ clean_text('parent_case_id') }} as parent_case_id,
        {{ to_timestamp('first_replied_at') }} as first_replied_at,
        {{ to_timestamp('solved_at') }} as solved_at,
        {{ to_timestamp('closed_at') }} as closed_at,
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
