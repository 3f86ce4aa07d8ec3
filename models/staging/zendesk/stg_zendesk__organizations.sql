with versions as (

    select * from {{ ref('stg_zendesk__organization_versions') }}

),

known as (

    select
        organization_id,
        organization_name,
        external_id,
        domain_names,
        created_at,
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
