with terms as (

    select * from {{ ref('int_subscription_terms') }}

),

as_known as (

    select
        subscription_id,
        source,
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
        ended_on,
        cancel_reason,
        is_trial,
        is_deleted,
        deleted_on,
        mrr_native,
        is_repeating,
        term_days,
        term_months,
        term_extra_days,
        notice_given_on,
        successor_start_date,
        service_start_date,
        service_end_date,
        updated_at,
        first_known_at
    from terms
    where is_current

)

select * from as_known
