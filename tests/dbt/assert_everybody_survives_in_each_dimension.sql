{{ config(meta={'dagster': {'ref': {'name': 'churn_survival'}}}) }}

-- However survival is cut, its groups hold the customers of the total, and nobody is counted who was not in view: those
-- who leave it and those last seen in it are the lives that were observed for a whole month or from the start.
with observed as (

    select
        sum(case when is_churned then 1 else 0 end) as churned,
        sum(case when is_churned then 0 else 1 end) as censored
    from {{ ref('int_customer_lives') }}
    where entry_month = 0 or entry_month < tenure_months

),

curves as (

    select
        dimension,
        sum(churned) as churned,
        sum(censored) as censored
    from {{ ref('churn_survival') }}
    group by dimension

)

select
    curves.dimension,
    curves.churned,
    observed.churned as churned_lives,
    curves.censored,
    observed.censored as censored_lives
from curves
cross join observed
where curves.churned <> observed.churned or curves.censored <> observed.censored
