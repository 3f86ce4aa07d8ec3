with versions as (

    select * from {{ ref('stg_salesforce__order_versions') }}

),

known as (

    select
        order_id,
        account_id,
        ordered_at,
        amount,
        currency,
        status,
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
