{{ config(materialized='table') }}

with source as (

    select * from {{ source('salesforce', 'event') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('Id')], cursor=to_timestamp('SystemModstamp')) }}

),

renamed as (

    select
        {{ vendor_key('salesforce', 'Id') }} as interaction_id,
        {{ vendor_key('salesforce', 'AccountId') }} as account_id,
        {{ vendor_key('salesforce', 'WhoId') }} as contact_id,
        'meeting' as kind,
        cast(null as {{ dbt.type_string() }}) as direction,
        {{ to_timestamp('StartDateTime') }} as occurred_at,
        {{ to_integer('DurationInMinutes') }} * 60 as duration_seconds,
        {{ vendor_key('salesforce', 'OwnerId') }} as owner_id,
        {{ clean_text('Subject') }} as subject,
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
