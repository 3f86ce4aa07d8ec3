with dues as (

    select * from {{ ref('int_subscription_terms_due') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_monthly') }}

),

thresholds as (

    select {{ threshold('renewal_merge_days') }} as merge_days

),

named_successors as (

    select
        dues.subscription_id,
        dues.due_date,
        dues.rate_month as due_rate_month,
        successors.subscription_id as successor_id,
        successors.service_start_date as successor_start_date,
        successors.mrr_native,
        successors.currency,
        min(successors.service_start_date) over (partition by dues.subscription_id) as first_start_date,
        row_number() over (
            partition by dues.subscription_id
            order by successors.service_start_date, successors.subscription_id
        ) as successor_rank
    from dues
    inner join subscriptions as successors on dues.subscription_id = successors.renewed_from_id
    where
        dues.is_last_due
        and successors.service_start_date <= {{ as_of_date() }}
        and (successors.deleted_on is null or successors.deleted_on > successors.service_start_date)

),

-- one contract may become several at once; what names it much later is new business, and a credit renews nothing
renewing as (

    select
        named_successors.*,
        {{ in_reporting_currency('named_successors.mrr_native', 'due_rates.rate_to_reporting') }} as mrr_at_due,
        {{ in_reporting_currency('named_successors.mrr_native', 'start_rates.rate_to_reporting') }} as mrr_at_start
    from named_successors
    cross join thresholds
    left join rates as due_rates
        on
            named_successors.due_rate_month = due_rates.month
            and named_successors.currency = due_rates.currency
    left join rates as start_rates
        on
            {{ first_of_month('named_successors.first_start_date') }} = start_rates.month
            and named_successors.currency = start_rates.currency
    where
        {{ days_from_to('named_successors.first_start_date', 'named_successors.successor_start_date') }}
        <= thresholds.merge_days

),

by_due_date as (

    select
        subscription_id,
        due_date,
        first_start_date as successor_start_date,
        max(case when successor_rank = 1 then successor_id end) as renewed_by_subscription_id,
        cast(greatest(coalesce(sum(mrr_at_due), 0), 0) as decimal(18, 6)) as successor_mrr_at_due,
        cast(greatest(coalesce(sum(mrr_at_start), 0), 0) as decimal(18, 6)) as successor_mrr_at_start
    from renewing
    group by subscription_id, due_date, first_start_date

)

select * from by_due_date
