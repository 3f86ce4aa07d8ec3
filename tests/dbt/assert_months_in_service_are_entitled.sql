{{ config(meta={'dagster': {'ref': {'name': 'product_adoption_monthly'}}}) }}

-- What pays at the end of a month was bought in it: each product with revenue then has a row that is entitled, with as
-- much.
with revenue as (

    select
        account_id,
        month,
        lower(product) as product_key,
        sum(mrr) as mrr
    from {{ ref('int_account_product_mrr_months') }}
    where product <> 'unknown'
    group by account_id, month, lower(product)

),

adoption as (

    select
        account_id,
        month,
        lower(product) as product_key,
        is_entitled,
        closing_mrr
    from {{ ref('product_adoption_monthly') }}

)

select
    revenue.account_id,
    revenue.product_key,
    revenue.month,
    revenue.mrr,
    adoption.closing_mrr,
    adoption.is_entitled
from revenue
left join adoption
    on
        revenue.account_id = adoption.account_id
        and revenue.product_key = adoption.product_key
        and revenue.month = adoption.month
where
    revenue.mrr > 0
    and (coalesce(adoption.closing_mrr <> revenue.mrr, true) or not adoption.is_entitled)
