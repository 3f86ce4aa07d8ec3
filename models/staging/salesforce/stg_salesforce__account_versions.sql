{{ config(materialized='table') }}

with source as (

    select * from {{ source('salesforce', 'account') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('Id')], cursor=to_timestamp('SystemModstamp')) }}

),

renamed as (

    select
        {{ vendor_key('salesforce', 'Id') }} as account_id,
        {{ clean_text('Name') }} as account_name,
        {{ vendor_key('salesforce', 'ParentId') }} as parent_account_id,
        lower({{ clean_text('Customer_Type__c') }}) as customer_type,
        {{ clean_text('Segment__c') }} as segment,
        {{ clean_text('Industry') }} as industry,
        {{ clean_text('Region__c') }} as region,
        {{ clean_text('BillingCountry') }} as country,
        {{ vendor_key('salesforce', 'OwnerId') }} as owner_id,
        {{ clean_text('Support_Plan__c') }} as support_plan,
        {{ clean_text('Service_Process__c') }} as service_process,
        {{ clean_text('CurrencyIsoCode') }} as currency,
        {{ to_timestamp('CreatedDate') }} as created_at,
        {{ web_host('Website') }} as website_domain,
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
