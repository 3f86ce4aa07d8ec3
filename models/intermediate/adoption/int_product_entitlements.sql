with subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

-- a credit gives back money and no right of use; a line that names no product entitles to none that could be used
lines as (

    select
        account_id,
        product,
        lower(product) as product_key,
        service_start_date,
        service_end_date,
        case when is_trial then 0 else 1 end as is_subscription,
        case when is_trial then 1 else 0 end as is_trial,
        case when not is_trial and seats > 0 then seats else 0 end as seats,
        case when not is_trial and seats > 0 then 1 else 0 end as is_seated
    from subscriptions
    where
        account_id is not null
        and product is not null
        and mrr_native >= 0
        and service_start_date <= {{ as_of_date() }}
        and (service_end_date is null or service_end_date > service_start_date)

),

steps as (

    select
        account_id,
        product_key,
        step_date,
        min(product) as product,
        sum(subscription_step) as subscription_step,
        sum(trial_step) as trial_step,
        sum(seats_step) as seats_step,
        sum(seated_step) as seated_step
    from (
        select
            account_id,
            product_key,
            product,
            service_start_date as step_date,
            is_subscription as subscription_step,
            is_trial as trial_step,
            seats as seats_step,
            is_seated as seated_step
        from lines
        union all
        select
            account_id,
            product_key,
            product,
            service_end_date as step_date,
            -is_subscription as subscription_step,
            -is_trial as trial_step,
            -seats as seats_step,
            -is_seated as seated_step
        from lines
        where service_end_date <= {{ as_of_date() }}
    ) as starts_and_ends
    group by account_id, product_key, step_date

),

levels as (

    select
        account_id,
        product_key,
        product,
        step_date as from_date,
        lead(step_date) over (partition by account_id, product_key order by step_date) as to_date,
        sum(subscription_step) over (
            partition by account_id, product_key
            order by step_date
            rows between unbounded preceding and current row
        ) as subscription_level,
        sum(trial_step) over (
            partition by account_id, product_key
            order by step_date
            rows between unbounded preceding and current row
        ) as trial_level,
        sum(seats_step) over (
            partition by account_id, product_key
            order by step_date
            rows between unbounded preceding and current row
        ) as seats_level,
        sum(seated_step) over (
            partition by account_id, product_key
            order by step_date
            rows between unbounded preceding and current row
        ) as seated_level
    from steps

),

spans as (

    select
        account_id,
        product_key,
        from_date,
        to_date,
        product as product_as_sold,
        subscription_level > 0 as is_entitled,
        trial_level > 0 as is_trial,
        case when seated_level > 0 then cast(seats_level as bigint) end as licensed_seats
    from levels
    where subscription_level > 0 or trial_level > 0

)

select * from spans
