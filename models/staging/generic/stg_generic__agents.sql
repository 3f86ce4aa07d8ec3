with source as (

    select * from {{ source('generic', 'agents') }}

),

newest as (

    {{ newest_versions('source', key=[clean_text('agent_id')], cursor=to_timestamp('updated_at')) }}

),

renamed as (

    select
        {{ clean_text('agent_id') }} as agent_id,
        {{ clean_text('full_name') }} as full_name,
        {{ clean_text('team') }} as team,
        {{ clean_text('role') }} as role,
        {{ to_boolean('is_bot') }} as is_bot,
        {{ to_timestamp('hired_at') }} as hired_at,
        {{ to_timestamp('left_at') }} as left_at,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from newest

)

select * from renamed
