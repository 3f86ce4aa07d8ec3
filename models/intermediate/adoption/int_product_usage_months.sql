with usage as (

    select * from {{ ref('stg_generic__usage') }}

),

product_days as (

    select * from {{ ref('int_usage_product_days') }}

),

features as (

    select * from {{ ref('int_product_features') }}
    where belongs_from is not null

),

-- people cannot be told apart across days, so a month's active users are those of its busiest day
usage_months as (

    select
        account_id,
        product_key,
        {{ first_of_month('usage_date') }} as month,
        max(case when active_users < 0 then 0 else active_users end) as active_users,
        sum(case when active_users > 0 then active_users else 0 end) as active_user_days,
        sum(event_count) as event_count,
        sum(case when is_used then 1 else 0 end) as active_days,
        max(case when licensed_seats > 0 then licensed_seats end) as licensed_seats
    from product_days
    group by account_id, product_key, {{ first_of_month('usage_date') }}

),

used_features as (

    select
        account_id,
        lower(product) as product_key,
        lower(feature) as feature_key,
        {{ first_of_month('usage_date') }} as month
    from usage
    where
        usage_date <= {{ as_of_date() }}
        and {{ is_use() }}
    group by account_id, lower(product), lower(feature), {{ first_of_month('usage_date') }}

),

feature_counts as (

    select
        used_features.account_id,
        used_features.product_key,
        used_features.month,
        count(*) as features_used
    from used_features
    inner join features
        on
            used_features.product_key = features.product_key
            and used_features.feature_key = features.feature_key
    group by used_features.account_id, used_features.product_key, used_features.month

),

final as (

    select
        usage_months.account_id,
        usage_months.product_key,
        usage_months.month,
        usage_months.active_users,
        cast(usage_months.active_user_days as bigint) as active_user_days,
        cast(usage_months.event_count as bigint) as event_count,
        cast(usage_months.active_days as bigint) as active_days,
        usage_months.licensed_seats,
        cast(coalesce(feature_counts.features_used, 0) as bigint) as features_used
    from usage_months
    left join feature_counts
        on
            usage_months.account_id = feature_counts.account_id
            and usage_months.product_key = feature_counts.product_key
            and usage_months.month = feature_counts.month

)

select * from final
