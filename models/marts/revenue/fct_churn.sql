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

spells as (

    select * from {{ ref('int_service_spells') }}

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

-- whoever left has a spell of service that ended
gaps as (

    select
        account_id,
        first_service_date,
        ended_on as churned_on,
        {{ plus_days('ended_on', -1) }} as last_service_date,
        {{ first_of_month('ended_on') }} as churn_month,
        returned_on
    from spells
    where ended_on is not null

),

-- what was still in service on the last day, and why it ended: the largest line that ended then and has a reason speaks
-- for the account; a line may also go on, when a credit takes more than it pays
last_lines as (

    select
        gaps.account_id,
        gaps.churned_on,
        case when gaps.churned_on = subscriptions.service_end_date then subscriptions.cancel_reason end
            as cancel_reason,
        {{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }} as mrr,
        row_number() over (
            partition by gaps.account_id, gaps.churned_on
            order by
                case
                    when gaps.churned_on = subscriptions.service_end_date and subscriptions.cancel_reason is not null
                        then 0
                    else 1
                end,
                {{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }} desc,
                subscriptions.subscription_id
        ) as reason_rank
    from gaps
    inner join subscriptions
        on
            gaps.account_id = subscriptions.account_id
            and gaps.last_service_date >= subscriptions.service_start_date
            and (subscriptions.service_end_date is null or gaps.churned_on <= subscriptions.service_end_date)
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
    left join reasons on {{ seed_key('last_days.cancel_reason') }} = reasons.cancel_reason
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
