{{ config(meta={'dagster': {'ref': {'name': 'product_adoption_thresholds'}}}) }}

-- Each product has one row of adoption thresholds at most, capitals and blanks aside, and `default` has one. A share of
-- seats is a fraction: 40 would mean 4000 %. Two users for every seat are the most that makes sense.
select
    'stands more than once' as problem,
    lower(trim(product)) as product
from {{ ref('product_adoption_thresholds') }}
group by lower(trim(product))
having count(*) > 1

union all

select
    'row is missing' as problem,
    'default' as product
from {{ ref('product_adoption_thresholds') }}
having count(case when lower(trim(product)) = 'default' then 1 end) = 0

union all

select
    'minimum_seat_utilisation is a fraction such as 0.4' as problem,
    product
from {{ ref('product_adoption_thresholds') }}
where minimum_seat_utilisation > 2
