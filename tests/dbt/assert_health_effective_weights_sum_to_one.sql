{{ config(meta={'dagster': {'ref': {'name': 'fct_account_health_components'}}}) }}

-- The weights that count are the seeded ones over those of the components that are known: together 1, or none at all.
select
    account_id,
    as_of_date,
    sum(cast(effective_weight as decimal(18, 12))) as total
from {{ ref('fct_account_health_components') }}
group by account_id, as_of_date
having
    max(case when component_score is not null and weight > 0 then 1 else 0 end) = 1
    and abs(sum(cast(effective_weight as decimal(18, 12))) - 1) > 0.00000001
