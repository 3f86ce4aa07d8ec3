with dues as (

    select * from {{ ref('int_subscription_terms_due') }}
    where is_last_due

),

successors as (

    select * from {{ ref('int_renewal_successors') }}

),

signings as (

    select * from {{ ref('int_renewal_signings') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_monthly') }}

),

reasons as (

    select * from {{ ref('churn_reasons') }}

),

thresholds as (

    select {{ threshold('renewal_merge_days') }} as merge_days

),

-- value is compared at one rate, that of the month in which the successor starts, so that no currency gains on another
excesses as (

    select
        dues.account_id,
        dues.subscription_id as named_subscription_id,
        successors.renewed_by_subscription_id,
        successors.successor_start_date,
        successors.successor_mrr_at_start
        - {{ in_reporting_currency('dues.mrr_native', 'rates.rate_to_reporting') }} as excess_mrr
    from successors
    inner join dues
        on
            successors.subscription_id = dues.subscription_id
            and successors.due_date = dues.due_date
    inner join rates
        on
            {{ first_of_month('successors.successor_start_date') }} = rates.month
            and dues.currency = rates.currency

),

-- a contract that its customer gave a reason for leaving was lost, not merged, unless the reason says replaced
leftovers as (

    select
        dues.account_id,
        dues.subscription_id,
        dues.due_date,
        dues.currency,
        dues.mrr_native,
        dues.service_start_date,
        dues.service_end_date
    from dues
    left join successors on dues.subscription_id = successors.subscription_id
    left join signings
        on
            dues.subscription_id = signings.subscription_id
            and dues.due_date = signings.due_date
    left join reasons on {{ seed_key('dues.cancel_reason') }} = reasons.cancel_reason
    where
        successors.subscription_id is null
        and signings.signed_on is null
        and dues.service_end_date <= {{ as_of_date() }}
        and (dues.cancel_reason is null or reasons.is_replacement)

),

-- what began with the successor, or after it, was not merged into it: the successor itself may end soon, too
pairs as (

    select
        leftovers.subscription_id,
        leftovers.due_date,
        excesses.named_subscription_id,
        excesses.renewed_by_subscription_id,
        excesses.successor_start_date,
        excesses.excess_mrr,
        {{ in_reporting_currency('leftovers.mrr_native', 'rates.rate_to_reporting') }} as due_mrr_at_start,
        row_number() over (
            partition by leftovers.subscription_id
            order by
                abs({{ days_from_to('leftovers.service_end_date', 'excesses.successor_start_date') }}),
                excesses.successor_start_date,
                excesses.named_subscription_id
        ) as nearness
    from leftovers
    inner join excesses on leftovers.account_id = excesses.account_id
    cross join thresholds
    inner join rates
        on
            {{ first_of_month('excesses.successor_start_date') }} = rates.month
            and leftovers.currency = rates.currency
    where
        excesses.excess_mrr > 0
        and leftovers.service_start_date < excesses.successor_start_date
        and abs({{ days_from_to('leftovers.service_end_date', 'excesses.successor_start_date') }})
        <= thresholds.merge_days

),

-- the excess is handed out in order of due date, each contract taking up to what it was worth
queued as (

    select
        *,
        coalesce(sum(due_mrr_at_start) over (
            partition by named_subscription_id
            order by due_date, subscription_id
            rows between unbounded preceding and 1 preceding
        ), 0) as taken_before_mrr
    from pairs
    where nearness = 1

),

allocated as (

    select
        subscription_id,
        due_date,
        named_subscription_id,
        renewed_by_subscription_id,
        successor_start_date,
        due_mrr_at_start,
        cast(least(due_mrr_at_start, excess_mrr - taken_before_mrr) as decimal(18, 6)) as allocated_mrr_at_start
    from queued
    where excess_mrr > taken_before_mrr

)

select * from allocated
