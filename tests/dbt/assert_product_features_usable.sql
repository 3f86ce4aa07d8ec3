{{ config(meta={'dagster': {'ref': {'name': 'product_features'}}}) }}

-- Each feature stands once in its product, capitals and blanks aside, and neither name is empty.
select
    lower(trim(product)) as product,
    lower(trim(feature)) as feature,
    count(*) as row_count
from {{ ref('product_features') }}
group by lower(trim(product)), lower(trim(feature))
having
    count(*) > 1
    or coalesce(lower(trim(product)), '') = ''
    or coalesce(lower(trim(feature)), '') = ''
