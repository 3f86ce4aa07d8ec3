with spans as (

    select * from {{ ref('int_product_entitlements') }}

),

months as (

    {{ month_spine('(select min(from_date) from spans)', as_of_date()) }}

),

-- Seats are the most on any day: contracts that follow each other in a month are not added up.
entitlement_months as (

    select
        spans.account_id,
        spans.product_key,
        months.month,
        max(case when spans.is_entitled then 1 else 0 end) = 1 as is_entitled,
        max(case when spans.is_trial then 1 else 0 end) = 1 as is_trial,
        max(case when spans.is_entitled then spans.licensed_seats end) as licensed_seats
    from spans
    inner join months
        on
            spans.from_date < {{ plus_months('months.month', 1) }}
            and (spans.to_date is null or spans.to_date > months.month)
    group by spans.account_id, spans.product_key, months.month

)

select * from entitlement_months
