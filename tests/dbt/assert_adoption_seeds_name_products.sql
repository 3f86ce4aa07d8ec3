{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'product_adoption_thresholds'}}}) }}

-- A threshold is for a product that is sold or used, and a feature listed for a product that is used has been used: a
-- slip in a name would otherwise be believed. 2026-11: a warning, since a seed may be ahead of its first use.
with products as (

    select product_key from {{ ref('int_product_entitlements') }}
    union distinct
    select product_key from {{ ref('int_product_features') }}
    where first_seen_on is not null

),

used_products as (

    select distinct product_key from {{ ref('int_product_features') }}
    where first_seen_on is not null

)

select
    thresholds.product,
    cast(null as {{ dbt.type_string() }}) as feature
from {{ ref('product_adoption_thresholds') }} as thresholds
left join products on lower(trim(thresholds.product)) = products.product_key
where
    products.product_key is null
    and lower(trim(thresholds.product)) <> 'default'

union all

select
    features.product_key as product,
    features.feature_key as feature
from {{ ref('int_product_features') }} as features
inner join used_products on features.product_key = used_products.product_key
where features.first_seen_on is null
