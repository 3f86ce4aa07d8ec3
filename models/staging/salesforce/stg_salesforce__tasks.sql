with versions as (

    select * from {{ ref('stg_salesforce__task_versions') }}

),

known as (

    select
        interaction_id,
        account_id,
        contact_id,
        kind,
        direction,
        occurred_at,
        duration_seconds,
        owner_id,
        subject,
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
