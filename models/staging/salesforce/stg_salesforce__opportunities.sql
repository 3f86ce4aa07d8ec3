with source as (

    select * from {{ source('salesforce', 'opportunity') }}

),

vendor_values as (

    select * from {{ ref('vendor_values') }}

),

newest as (

    {{ newest_versions('source', key=[clean_text('Id')], cursor=to_timestamp('SystemModstamp')) }}

),

renamed as (

    select
        {{ vendor_key('salesforce', 'Id') }} as opportunity_id,
        {{ vendor_key('salesforce', 'AccountId') }} as account_id,
        {{ clean_text('Name') }} as name,
        {{ standard_value('vendor_values', 'salesforce', 'opportunity_type', clean_text('Type')) }} as type,
        {{ clean_text('StageName') }} as stage,
        {{ to_decimal('Amount') }} as amount,
        {{ clean_text('CurrencyIsoCode') }} as currency,
        cast({{ to_decimal('Probability') }} / 100 as decimal(18, 6)) as probability,
        {{ to_timestamp('CreatedDate') }} as created_at,
        {{ to_date('CloseDate') }} as close_date,
        {{ to_boolean('IsClosed') }} as is_closed,
        {{ to_boolean('IsWon') }} as is_won,
        {{ vendor_key('salesforce', 'Subscription__c') }} as subscription_id,
        {{ vendor_key('salesforce', 'OwnerId') }} as owner_id,
        coalesce({{ to_boolean('IsDeleted') }}, false) as is_deleted,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from newest

)

select * from renamed
