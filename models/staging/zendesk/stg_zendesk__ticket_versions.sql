{{ config(materialized='table') }}

with source as (

    select * from {{ source('zendesk', 'tickets') }}

),

vendor_values as (

    select * from {{ ref('vendor_values') }}

),

field_meanings as (

    select * from {{ ref('zendesk_custom_fields') }}

),

-- A deletion moves generated_timestamp and leaves updated_at where it was.
versions as (

    {{ version_spans(
        'source',
        key=[clean_text('id')],
        cursor='coalesce(' ~ to_timestamp('generated_timestamp') ~ ', ' ~ to_timestamp('updated_at') ~ ')',
    ) }}

),

-- Which custom fields mean what is a company's own choice: a seed says it.
looked_up as (

    select
        versions.*,
        {{ to_json_text('versions.custom_fields') }} as field_values,
        {{ zendesk_field_ids('field_meanings', 'topic') }} as topic_ids,
        {{ zendesk_field_ids('field_meanings', 'product') }} as product_ids,
        {{ zendesk_field_ids('field_meanings', 'case_type') }} as case_type_ids,
        {{ zendesk_field_ids('field_meanings', 'service_process') }} as service_process_ids
    from versions

),

renamed as (

    select
        {{ vendor_key('zendesk', 'id') }} as case_id,
        cast(null as {{ dbt.type_string() }}) as account_id,
        {{ vendor_key('zendesk', 'requester_id') }} as contact_id,
        {{ to_timestamp('created_at') }} as created_at,
        lower({{ clean_text('status') }}) as status,
        lower({{ clean_text('priority') }}) as priority,
        {{ standard_value(
            'vendor_values', 'zendesk', 'via_channel', json_text(to_json_text('via'), 'channel')
        ) }} as channel,
        {{ value_by_id('field_values', 'topic_ids') }} as topic,
        {{ value_by_id('field_values', 'product_ids') }} as product,
        coalesce(
            {{ value_by_id('field_values', 'case_type_ids') }},
            {{ standard_value('vendor_values', 'zendesk', 'ticket_type', clean_text('type')) }}
        ) as case_type,
        {{ vendor_key('zendesk', 'group_id') }} as team,
        {{ vendor_key('zendesk', 'assignee_id') }} as assignee_id,
        {{ value_by_id('field_values', 'service_process_ids') }} as service_process,
        {{ vendor_key('zendesk', 'problem_id') }} as parent_case_id,
        cast(null as timestamp) as first_replied_at,
        cast(null as timestamp) as solved_at,
        cast(null as timestamp) as closed_at,
        lower({{ clean_text('status') }}) = 'deleted' as is_deleted,
        {{ vendor_key('zendesk', 'organization_id') }} as organization_id,
        {{ vendor_key('zendesk', 'requester_id') }} as requester_id,
        coalesce({{ to_json_text('tags') }} like '%"closed_by_merge"%', false) as is_merged,
        cast(null as {{ dbt.type_string() }}) as merged_into_case_id,
        valid_from,
        valid_to,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from looked_up

)

select * from renamed
