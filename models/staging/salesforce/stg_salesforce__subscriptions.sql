with versions as (

    select * from {{ ref('stg_salesforce__subscription_versions') }}

),

known as (

    select
        subscription_id,
        account_id,
        product,
        plan,
        start_date,
        end_date,
        billing_period,
        amount,
        currency,
        seats,
        auto_renew,
        notice_days,
        renewed_from_id,
        cancelled_at,
        ended_at,
        cancel_reason,
        is_trial,
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
