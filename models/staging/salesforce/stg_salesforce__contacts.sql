with versions as (

    select * from {{ ref('stg_salesforce__contact_versions') }}

),

known as (

    select
        contact_id,
        account_id,
        full_name,
        email,
        role,
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
