{{ config(materialized='table') }}

with source as (

    select * from {{ source('salesforce', 'subscription') }}

),

vendor_values as (

    select * from {{ ref('vendor_values') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('Id')], cursor=to_timestamp('SystemModstamp')) }}

),

renamed as (

    select
        {{ vendor_key('salesforce', 'Id') }} as subscription_id,
        {{ vendor_key('salesforce', 'SBQQ__Account__c') }} as account_id,
        {{ clean_text('SBQQ__ProductName__c') }} as product,
        {{ clean_text('Plan__c') }} as plan,
        {{ to_date('SBQQ__SubscriptionStartDate__c') }} as start_date,
        {{ to_date('SBQQ__SubscriptionEndDate__c') }} as end_date,
        {{ standard_value(
            'vendor_values', 'salesforce', 'billing_period', clean_text('SBQQ__BillingFrequency__c')
        ) }} as billing_period,
        try_cast(
            -- widened, or DuckDB would keep the product within 18 digits and overflow
            cast({{ to_decimal('SBQQ__NetPrice__c') }} as decimal(20, 6))
            * coalesce({{ to_decimal('SBQQ__Quantity__c') }}, cast(1 as decimal(18, 6))) as decimal(18, 6)
        ) as amount,
        {{ clean_text('CurrencyIsoCode') }} as currency,
        cast(round({{ to_decimal('SBQQ__Quantity__c') }}, 0) as bigint) as seats,
        {{ to_boolean('Auto_Renew__c') }} as auto_renew,
        {{ to_integer('Notice_Days__c') }} as notice_days,
        {{ vendor_key('salesforce', 'SBQQ__RevisedSubscription__c') }} as renewed_from_id,
        {{ to_timestamp('Cancelled_At__c') }} as cancelled_at,
        {{ to_timestamp('SBQQ__TerminatedDate__c') }} as ended_at,
        {{ clean_text('Cancel_Reason__c') }} as cancel_reason,
        {{ to_boolean('Is_Trial__c') }} as is_trial,
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
