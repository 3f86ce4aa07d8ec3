{{ config(materialized='table') }}

with source as (

    select * from {{ source('salesforce', 'order') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('Id')], cursor=to_timestamp('SystemModstamp')) }}

),

renamed as (

    select
        {{ vendor_key('salesforce', 'Id') }} as order_id,
        {{ vendor_key('salesforce', 'AccountId') }} as account_id,
        coalesce({{ to_timestamp('ActivatedDate') }}, {{ to_timestamp('EffectiveDate') }}) as ordered_at,
        {{ to_decimal('TotalAmount') }} as amount,
        {{ clean_text('CurrencyIsoCode') }} as currency,
        {{ clean_text('Status') }} as status,
        coalesce({{ to_boolean('IsDeleted') }}, false) as is_deleted,
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
