with source as (

    select * from {{ source('salesforce', 'user') }}

),

newest as (

    {{ newest_versions('source', key=[clean_text('Id')], cursor=to_timestamp('SystemModstamp')) }}

),

renamed as (

    select
        {{ vendor_key('salesforce', 'Id') }} as agent_id,
        {{ clean_text('Name') }} as full_name,
        {{ clean_text('Department') }} as team,
        {{ clean_text('UserRoleName') }} as role,
        false as is_bot,
        {{ to_timestamp('CreatedDate') }} as hired_at,
        case when not {{ to_boolean('IsActive') }} then version_at end as left_at,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from newest

)

select * from renamed
