with usage as (

    select * from {{ ref('stg_generic__usage') }}

),

listed_features as (

    select distinct
        lower(trim(product)) as product_key,
        lower(trim(feature)) as feature_key
    from {{ ref('product_features') }}

),

listed_products as (

    select distinct product_key
    from listed_features

),

seen_features as (

    select
        lower(product) as product_key,
        lower(feature) as feature_key,
        min(product) as product_as_used,
        min(usage_date) as first_seen_on
    from usage
    where usage_date <= {{ as_of_date() }}
    group by lower(product), lower(feature)

),

-- the list of a product says all that it has; without one, a feature is there from the day on which anybody shows it
features as (

    select
        coalesce(listed_features.product_key, seen_features.product_key) as product_key,
        coalesce(listed_features.feature_key, seen_features.feature_key) as feature_key,
        seen_features.product_as_used,
        seen_features.first_seen_on,
        listed_features.product_key is not null as is_listed,
        case
            when listed_features.product_key is not null then cast('1900-01-01' as date)
            when listed_products.product_key is null then seen_features.first_seen_on
        end as belongs_from
    from listed_features
    full outer join seen_features
        on
            listed_features.product_key = seen_features.product_key
            and listed_features.feature_key = seen_features.feature_key
    left join listed_products on seen_features.product_key = listed_products.product_key

)

select * from features
