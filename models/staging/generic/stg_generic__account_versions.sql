{{ config(materialized='table') }}

with source as (

    select * from {{ source('generic', 'accounts') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('account_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('account_name') }} as account_name,
        {{ clean_text('parent_account_id') }} as parent_account_id,
        {{ clean_text('customer_type') }} as customer_type,
        {{ clean_text('segment') }} as segment,
        {{ clean_text('industry') }} as industry,
        {{ clean_text('region') }} as region,
        {{ clean_text('country') }} as country,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('support_plan') }} as support_plan,
        {{ clean_text('service_process') }} as service_process,
        {{ clean_text('currency') }} as currency,
        {{ to_timestamp('created_at') }} as created_at,
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
