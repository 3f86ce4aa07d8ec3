with source as (

    select * from {{ source('salesforce', 'task') }}

),

versions as (

    {{ version_spans('source', key=[clean_text('Id')], cursor=to_timestamp('SystemModstamp')) }}

),

renamed as (

    select
        {{ vendor_key('salesforce', 'Id') }} as interaction_id,
        {{ vendor_key('salesforce', 'AccountId') }} as account_id,
        {{ vendor_key('salesforce', 'WhoId') }} as contact_id,
        coalesce(
            {{ to_timestamp('CompletedDateTime') }},
            case when {{ to_integer('CallDurationInSeconds') }} is not null then {{ to_timestamp('ActivityDate') }} end
        ) as occurred_at,
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
