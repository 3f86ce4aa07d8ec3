{{ config(meta={'dagster': {'ref': {'name': 'fct_renewals'}}}) }}

-- A pending renewal has no decision and no value; any other has both, decided by the as-of date; and what contracts are
-- renewed for is never more than what their successors are worth.
with renewals as (

    select * from {{ ref('fct_renewals') }}

),

inconsistent as (

    select
        subscription_id,
        due_date
    from renewals
    where
        (outcome = 'pending') <> (decided_on is null)
        or (outcome = 'pending') <> (renewed_mrr is null)
        or (outcome = 'pending') <> (timing is null)
        or decided_on > {{ as_of_date() }}
        or (outcome = 'churned') <> (coalesce(round(renewed_mrr, 2), 1) <= 0)
        or (outcome = 'expanded' and renewed_mrr <= due_mrr)
        or (outcome = 'contracted' and renewed_mrr >= due_mrr)

),

-- valued at the rates of the month in which the successors start, as the matching was
matched as (

    select
        named_subscription_id as subscription_id,
        sum(allocated_mrr_at_start) as given_mrr
    from {{ ref('int_renewal_merges') }}
    group by named_subscription_id

),

given_more_than_there_is as (

    select
        successors.subscription_id,
        successors.due_date
    from {{ ref('int_renewal_successors') }} as successors
    inner join matched on successors.subscription_id = matched.subscription_id
    where matched.given_mrr > successors.successor_mrr_at_start

)

select * from inconsistent

union all

select * from given_more_than_there_is
