with

orders as (
    select * from {{ ref('int_orders') }}
    where not is_deleted
),

order_statuses as (
    select * from {{ ref('order_statuses') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_monthly') }}
),

first_rate_months as (
    select min(month) as first_rate_month
    from rates
),

-- What was ordered before the first month of revenue is valued at that month's rate.
valued as (
    select
        orders.order_id,
        orders.account_id,
        orders.ordered_at,
        orders.amount,
        orders.currency,
        {{ in_reporting_currency('orders.amount', 'rates.rate_to_reporting') }} as amount_reporting
    from orders
    cross join first_rate_months
    left join order_statuses
        on {{ seed_key('orders.status') }} = order_statuses.status
    left join rates
        on
            orders.currency = rates.currency
            and rates.month = greatest(
                {{ first_of_month('cast(orders.ordered_at as date)') }}, first_rate_months.first_rate_month
            )
    where coalesce(order_statuses.is_order, true)
)

select * from valued
