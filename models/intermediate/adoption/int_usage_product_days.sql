with usage as (

    select * from {{ ref('stg_generic__usage') }}

),

-- the same people use several features of a product on a day, so its active users are those of its busiest feature;
-- other systems write a product's name with other capitals than the CRM
product_days as (

    select
        account_id,
        lower(product) as product_key,
        usage_date,
        max(case when {{ is_use() }} then 1 else 0 end) = 1 as is_used,
        max(active_users) as active_users,
        cast(sum(case when event_count > 0 then event_count else 0 end) as bigint) as event_count,
        max(licensed_seats) as licensed_seats,
        max(updated_at) as updated_at,
        min(first_known_at) as first_known_at
    from usage
    where usage_date <= {{ as_of_date() }}
    group by account_id, lower(product), usage_date

)

select * from product_days
