{{ config(materialized='table') }}

with source as (

    select * from {{ source('salesforce', 'task') }}

),

vendor_values as (

    select * from {{ ref('vendor_values') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('Id')], cursor=to_timestamp('SystemModstamp')) }}

),

renamed as (

    select
        {{ vendor_key('salesforce', 'Id') }} as interaction_id,
        {{ vendor_key('salesforce', 'AccountId') }} as account_id,
        {{ vendor_key('salesforce', 'WhoId') }} as contact_id,
        {{ standard_value('vendor_values', 'salesforce', 'task_subtype', clean_text('TaskSubtype')) }} as kind,
        lower({{ clean_text('CallType') }}) as direction,
        coalesce(
            {{ to_timestamp('CompletedDateTime') }},
            case when {{ to_integer('CallDurationInSeconds') }} is not null then {{ to_timestamp('ActivityDate') }} end
        ) as occurred_at,
        {{ to_integer('CallDurationInSeconds') }} as duration_seconds,
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
