{{ config(meta={'dagster': {'ref': {'name': 'fct_renewals'}}}) }}

-- Every renewal has its place in a chain of contracts, and none stands in the counts twice: the opportunities behind
-- the lifetime value are the renewals, those observed and those not.
with counted as (

    select
        sum(at_risk) as at_risk,
        sum(renewed + lost) as decided,
        sum(at_risk + not_observed) as renewals
    from {{ ref('int_ltv_renewal_opportunities') }}

),

published as (

    select
        count(*) as renewals,
        sum(
            case
                when
                    outcome <> 'pending'
                    and due_date <= {{ as_of_date() }}
                    and due_date >= coalesce({{ data_start_date() }}, due_date)
                    then 1
                else 0
            end
        ) as observed
    from {{ ref('fct_renewals') }}

)

select
    counted.renewals,
    published.renewals as published_renewals,
    counted.at_risk,
    published.observed
from counted
cross join published
where
    coalesce(counted.renewals, 0) <> published.renewals
    or coalesce(counted.at_risk, 0) <> coalesce(published.observed, 0)
    or counted.at_risk <> counted.decided
