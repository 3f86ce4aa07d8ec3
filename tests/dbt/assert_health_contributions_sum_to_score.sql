{{ config(meta={'dagster': {'ref': {'name': 'fct_account_health_components'}}}) }}

-- The contributions of an account's components sum to its health score; without a score there are none. The score is
-- kept to nine decimal places, so the sum may differ by half of the last one.
with

contributions as (
    select
        account_id,
        as_of_date,
        count(contribution) as contributions,
        sum(cast(contribution as decimal(18, 12))) as total
    from {{ ref('fct_account_health_components') }}
    group by account_id, as_of_date
)

select
    health.account_id,
    health.as_of_date,
    health.health_score,
    contributions.total
from {{ ref('fct_account_health') }} as health
full outer join contributions
    on
        health.account_id = contributions.account_id
        and health.as_of_date = contributions.as_of_date
where
    health.account_id is null
    or contributions.account_id is null
    or (health.health_score is null) <> (contributions.contributions = 0)
    or abs(health.health_score - cast(contributions.total as double)) > 0.000000002
