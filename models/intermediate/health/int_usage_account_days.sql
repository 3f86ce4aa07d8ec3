with

product_days as (
    select * from {{ ref('int_usage_product_days') }}
),

-- Products have their own seats, so they add up.
account_days as (
    select
        account_id,
        usage_date,
        cast(sum(coalesce(active_users, 0)) as bigint) as active_users,
        case when count(*) = count(licensed_seats) then cast(sum(licensed_seats) as bigint) end as licensed_seats,
        max(updated_at) as updated_at,
        min(first_known_at) as first_known_at
    from product_days
    group by account_id, usage_date
)

select * from account_days
