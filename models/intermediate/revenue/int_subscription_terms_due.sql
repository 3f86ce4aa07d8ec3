with subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_monthly') }}

),

-- trials, free lines and credits are not contracts that anybody renews, and an open-ended one is never due
contracts as (

    select
        *,
        coalesce(least({{ plus_days('service_end_date', -1) }}, {{ as_of_date() }}), {{ as_of_date() }})
            as last_known_day,
        {{ threshold('renewal_grace_days') }} as grace_days
    from subscriptions
    where
        mrr_native > 0
        and term_days is not null
        and service_start_date <= {{ as_of_date() }}
        and (service_end_date is null or service_end_date > service_start_date)

),

with_running_term as (

    select
        *,
        case when is_repeating then {{ term_number('last_known_day') }} else 1 end as running_term
    from contracts

),

-- a successor signed shortly after a long term rolled over renews that term late: nobody means the one just begun
with_last_term as (

    select
        *,
        case
            when
                running_term > 1
                and service_end_date = successor_start_date
                and {{ days_from_to(term_end('running_term - 1'), 'service_end_date') }} <= grace_days
                and {{ days_from_to(term_end('running_term - 1'), term_end('running_term')) }} > 2 * grace_days
                then running_term - 1
            else running_term
        end as last_term
    from with_running_term

),

with_last_due_date as (

    select
        *,
        {{ term_end('last_term') }} as last_due_date
    from with_last_term

),

-- an amendment takes over a running term and ends with it: the contract falls due once, as the amendment's
amended as (

    select with_last_due_date.subscription_id
    from with_last_due_date
    inner join subscriptions as successors on with_last_due_date.subscription_id = successors.renewed_from_id
    where
        successors.service_start_date <= {{ as_of_date() }}
        and (successors.deleted_on is null or successors.deleted_on > successors.service_start_date)
    group by with_last_due_date.subscription_id, with_last_due_date.last_due_date
    having
        count(successors.end_date) = count(*)
        and max(case
            when successors.end_date > with_last_due_date.last_due_date then 1
            when successors.is_repeating and successors.end_date < with_last_due_date.last_due_date then 1
            else 0
        end) = 0

),

numbered as (

    select
        with_last_due_date.*,
        amended.subscription_id is not null as is_amended,
        {{ numbers_to('with_last_due_date.last_term') }} as due_number
    from with_last_due_date
    left join amended on with_last_due_date.subscription_id = amended.subscription_id

),

dues as (

    select
        subscription_id,
        {{ term_end('due_number') }} as due_date,
        cast(due_number as integer) as due_number,
        due_number = last_term as is_last_due,
        due_number = last_term and is_amended as is_amended,
        account_id,
        coalesce(product, 'unknown') as product,
        currency,
        mrr_native,
        is_repeating,
        notice_given_on,
        ended_on,
        cancel_reason,
        service_start_date,
        service_end_date,
        deleted_on
    from numbered

),

-- a due date still to come is valued at the newest rate there is
valued as (

    select
        dues.subscription_id,
        dues.due_date,
        dues.due_number,
        dues.is_last_due,
        dues.is_amended,
        dues.account_id,
        dues.product,
        dues.currency,
        dues.mrr_native,
        rates.month as rate_month,
        {{ in_reporting_currency('dues.mrr_native', 'rates.rate_to_reporting') }} as due_mrr,
        dues.is_repeating,
        dues.notice_given_on,
        dues.ended_on,
        dues.cancel_reason,
        dues.service_start_date,
        dues.service_end_date
    from dues
    left join rates
        on
            least({{ first_of_month('dues.due_date') }}, {{ first_of_month(as_of_date()) }}) = rates.month
            and dues.currency = rates.currency
    -- a record that was deleted before it fell due was never due
    where dues.deleted_on is null or dues.due_date < dues.deleted_on

)

select * from valued
