with

usage as (
    select * from {{ ref('stg_generic__usage') }}
),

-- The same people use several features of a product on a day, so a product's active users are its busiest feature's.
product_days as (
    select
        account_id,
        product,
        usage_date,
        max(active_users) as active_users,
        max(licensed_seats) as licensed_seats,
        max(updated_at) as updated_at,
        min(first_known_at) as first_known_at
    from usage
    where usage_date <= {{ as_of_date() }}
    group by account_id, product, usage_date
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
