with subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_monthly') }}

),

in_service as (

    select
        subscriptions.account_id,
        months.month,
        coalesce(subscriptions.product, 'unknown') as product,
        subscriptions.currency,
        cast(sum(subscriptions.mrr_native) as decimal(18, 6)) as mrr_native
    from subscriptions
    inner join months
        on
            subscriptions.service_start_date <= months.snapshot_date
            and (subscriptions.service_end_date is null or subscriptions.service_end_date > months.snapshot_date)
    where subscriptions.mrr_native <> 0
    group by
        subscriptions.account_id,
        months.month,
        coalesce(subscriptions.product, 'unknown'),
        subscriptions.currency

),

-- a currency without any rate counts for nothing here, and a blocking test refuses the run
converted as (

    select
        in_service.account_id,
        in_service.month,
        in_service.product,
        in_service.currency,
        in_service.mrr_native,
        {{ in_reporting_currency('in_service.mrr_native', 'rates.rate_to_reporting') }} as mrr
    from in_service
    left join rates
        on
            in_service.month = rates.month
            and in_service.currency = rates.currency

)

select * from converted
