{{ config(materialized='table') }}

with source as (

    select * from {{ source('generic', 'subscriptions') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('subscription_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('subscription_id') }} as subscription_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('product') }} as product,
        {{ clean_text('plan') }} as plan,
        {{ to_date('start_date') }} as start_date,
        {{ to_date('end_date') }} as end_date,
        {{ clean_text('billing_period') }} as billing_period,
        {{ to_decimal('amount') }} as amount,
        {{ clean_text('currency') }} as currency,
        {{ to_integer('seats') }} as seats,
        {{ to_boolean('auto_renew') }} as auto_renew,
        {{ to_integer('notice_days') }} as notice_days,
        {{ clean_text('renewed_from_id') }} as renewed_from_id,
        {{ to_timestamp('cancelled_at') }} as cancelled_at,
        {{ to_timestamp('ended_at') }} as ended_at,
        {{ clean_text('cancel_reason') }} as cancel_reason,
        {{ to_boolean('is_trial') }} as is_trial,
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
