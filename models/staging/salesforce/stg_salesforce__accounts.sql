with versions as (

    select * from {{ ref('stg_salesforce__account_versions') }}

),

known as (

    select
        account_id,
        account_name,
        parent_account_id,
        customer_type,
        segment,
        industry,
        region,
        country,
        owner_id,
        support_plan,
        service_process,
        currency,
        created_at,
        website_domain,
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
