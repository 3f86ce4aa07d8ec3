with source as (

    select * from {{ source('generic', 'opportunities') }}

),

newest as (

    {{ newest_versions('source', key=[clean_text('opportunity_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('opportunity_id') }} as opportunity_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('name') }} as name,
        {{ clean_text('type') }} as type,
        {{ clean_text('stage') }} as stage,
        {{ to_decimal('amount') }} as amount,
        {{ clean_text('currency') }} as currency,
        {{ to_decimal('probability') }} as probability,
        {{ to_timestamp('created_at') }} as created_at,
        {{ to_date('close_date') }} as close_date,
        {{ to_boolean('is_closed') }} as is_closed,
        {{ to_boolean('is_won') }} as is_won,
        {{ clean_text('subscription_id') }} as subscription_id,
        {{ clean_text('owner_id') }} as owner_id,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from newest

)

select * from renamed
