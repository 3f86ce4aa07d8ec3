{{ config(meta={'dagster': {'ref': {'name': 'cost_centres'}}}) }}

-- A cost belongs to a month, which is written as its first day: another day would find no month and be lost.
select
    month,
    category,
    amount
from {{ ref('cost_centres') }}
where month <> {{ first_of_month('month') }}
