{{ config(materialized='table') }}

with source as (

    select * from {{ source('generic', 'orders') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('order_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('order_id') }} as order_id,
        {{ clean_text('account_id') }} as account_id,
        {{ to_timestamp('ordered_at') }} as ordered_at,
        {{ to_decimal('amount') }} as amount,
        {{ clean_text('currency') }} as currency,
        {{ clean_text('status') }} as status,
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
