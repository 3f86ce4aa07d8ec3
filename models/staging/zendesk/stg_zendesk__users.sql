with versions as (

    select * from {{ ref('stg_zendesk__user_versions') }}

),

known as (

    select
        user_id,
        role,
        full_name,
        organization_id,
        is_bot,
        group_id,
        created_at,
        is_active,
        is_deleted,
        updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from versions
    where {{ is_known_version() }}

)

select * from known
