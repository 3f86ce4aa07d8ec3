with spans as (

    select * from {{ ref('int_product_entitlements') }}
    where is_entitled

),

used_days as (

    select * from {{ ref('int_usage_product_days') }}
    where is_used

),

entitled_days as (

    select
        spans.account_id,
        spans.product_key,
        min(used_days.usage_date) as first_value_on
    from spans
    inner join used_days
        on
            spans.account_id = used_days.account_id
            and spans.product_key = used_days.product_key
            and spans.from_date <= used_days.usage_date
            and (spans.to_date is null or spans.to_date > used_days.usage_date)
    group by spans.account_id, spans.product_key

),

first_days as (

    select
        account_id,
        product_key,
        min(from_date) as first_entitled_on
    from spans
    group by account_id, product_key

),

final as (

    select
        first_days.account_id,
        first_days.product_key,
        first_days.first_entitled_on,
        entitled_days.first_value_on
    from first_days
    left join entitled_days
        on
            first_days.account_id = entitled_days.account_id
            and first_days.product_key = entitled_days.product_key

)

select * from final
