with subscriptions as (

    select * from {{ ref('int_subscriptions') }}
    where
        mrr_native <> 0
        and service_start_date <= {{ as_of_date() }}
        and (service_end_date is null or service_end_date > service_start_date)

),

rates as (

    select * from {{ ref('int_exchange_rates_monthly') }}

),

movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}

),

health_scores as (

    select
        account_id,
        as_of_date,
        health_score
    from {{ ref('fct_account_health') }}
    where health_score is not null

),

reasons as (

    select * from {{ ref('churn_reasons') }}

),

-- one rate for all days: an account is in or out of service whatever currencies do
valued as (

    select
        subscriptions.*,
        {{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }} as mrr
    from subscriptions
    left join rates
        on
            subscriptions.currency = rates.currency
            and rates.month = {{ first_of_month(as_of_date()) }}

),

steps as (

    select
        account_id,
        step_date,
        sum(step_mrr) as step_mrr
    from (
        select
            account_id,
            service_start_date as step_date,
            mrr as step_mrr
        from valued
        union all
        select
            account_id,
            service_end_date as step_date,
            -mrr as step_mrr
        from valued
        where service_end_date <= {{ as_of_date() }}
    ) as starts_and_ends
    group by account_id, step_date

),

levels as (

    select
        account_id,
        step_date,
        sum(step_mrr) over (
            partition by account_id
            order by step_date
            rows between unbounded preceding and current row
        ) > 0 as is_paying
    from steps

),

turns as (

    select
        account_id,
        step_date,
        is_paying,
        coalesce(lag(is_paying) over (partition by account_id order by step_date), false) as was_paying
    from levels

),

spells as (

    select
        account_id,
        step_date,
        is_paying,
        min(step_date) over (partition by account_id) as first_service_date,
        lead(step_date) over (partition by account_id order by step_date) as next_turn_date
    from turns
    where is_paying <> was_paying

),

-- a gap between two contracts is a loss only when a month closes in it, which is when revenue would miss it too
gaps as (

    select
        account_id,
        first_service_date,
        step_date as churned_on,
        {{ plus_days('step_date', -1) }} as last_service_date,
        {{ first_of_month('step_date') }} as churn_month,
        next_turn_date as returned_on
    from spells
    where
        not is_paying
        and (next_turn_date is null or next_turn_date >= {{ plus_months(first_of_month('step_date'), 1) }})

),

-- what was still in service on the last day, and why it ended; the largest line speaks for the account
last_lines as (

    select
        gaps.account_id,
        gaps.churned_on,
        subscriptions.cancel_reason,
        subscriptions.product,
        {{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }} as mrr,
        row_number() over (
            partition by gaps.account_id, gaps.churned_on
            order by
                case when subscriptions.cancel_reason is null then 1 else 0 end,
                {{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }} desc,
                subscriptions.subscription_id
        ) as reason_rank
    from gaps
    inner join subscriptions
        on
            gaps.account_id = subscriptions.account_id
            and gaps.last_service_date >= subscriptions.service_start_date
            and gaps.churned_on <= subscriptions.service_end_date
    left join rates
        on
            gaps.churn_month = rates.month
            and subscriptions.currency = rates.currency

),

last_days as (

    select
        account_id,
        churned_on,
        max(case when reason_rank = 1 then cancel_reason end) as cancel_reason,
        sum(mrr) as mrr
    from last_lines
    group by account_id, churned_on

),

scored as (

    select
        gaps.account_id,
        gaps.churned_on,
        health_scores.health_score,
        row_number() over (
            partition by gaps.account_id, gaps.churned_on
            order by health_scores.as_of_date desc
        ) as newest
    from gaps
    inner join health_scores
        on
            gaps.account_id = health_scores.account_id
            and gaps.last_service_date >= health_scores.as_of_date

),

-- an account that was seen at a month end churns with what it opened the month with, as in the movements; one that
-- came and went inside a month has only its last day
final as (

    select
        gaps.account_id,
        gaps.churned_on,
        gaps.last_service_date,
        movements.account_id is not null as is_seen_at_month_end,
        cast(coalesce(movements.churned_mrr, last_days.mrr) as decimal(18, 6)) as churned_mrr,
        {{ whole_months_from_to('gaps.first_service_date', 'gaps.churned_on') }} as tenure_months,
        coalesce(last_days.cancel_reason, 'unknown') as churn_reason,
        coalesce(reasons.reason_group, 'other') as reason_group,
        coalesce(reasons.is_voluntary, true) as is_voluntary,
        coalesce(account_versions.support_plan, 'unknown') as support_plan,
        coalesce(account_versions.segment, 'unknown') as segment,
        coalesce(account_versions.region, 'unknown') as region,
        coalesce(account_versions.customer_type, 'unknown') as customer_type,
        cast(scored.health_score as double) as last_health_score,
        gaps.returned_on
    from gaps
    left join movements
        on
            gaps.account_id = movements.account_id
            and gaps.churn_month = movements.month
            and movements.movement = 'churn'
    left join last_days
        on
            gaps.account_id = last_days.account_id
            and gaps.churned_on = last_days.churned_on
    left join reasons on {{ reason_key('last_days.cancel_reason') }} = reasons.cancel_reason
    left join account_versions
        on
            gaps.account_id = account_versions.account_id
            and account_versions.valid_from < cast(gaps.churned_on as timestamp)
            and account_versions.valid_to >= cast(gaps.churned_on as timestamp)
    left join scored
        on
            gaps.account_id = scored.account_id
            and gaps.churned_on = scored.churned_on
            and scored.newest = 1

)

select * from final
