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

-- only where credits in one currency meet prices in another do exchange rates say whether an account pays anything
mixed as (

    select account_id
    from subscriptions
    group by account_id
    having min(mrr_native) < 0 and count(distinct currency) > 1

),

-- one rate for all days: an account is in or out of service whatever currencies do; for the few mixed ones the rate of
-- each month, so that they leave and return when the movements say so
valued as (

    select
        subscriptions.account_id,
        subscriptions.service_start_date,
        subscriptions.service_end_date,
        {{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }} as mrr
    from subscriptions
    left join mixed on subscriptions.account_id = mixed.account_id
    left join rates
        on
            subscriptions.currency = rates.currency
            and rates.month = {{ first_of_month(as_of_date()) }}
    where mixed.account_id is null

    union all

    select
        subscriptions.account_id,
        greatest(subscriptions.service_start_date, rates.month) as service_start_date,
        least(subscriptions.service_end_date, {{ plus_months('rates.month', 1) }}) as service_end_date,
        {{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }} as mrr
    from subscriptions
    inner join mixed on subscriptions.account_id = mixed.account_id
    inner join rates
        on
            subscriptions.currency = rates.currency
            and subscriptions.service_start_date < {{ plus_months('rates.month', 1) }}
            and (subscriptions.service_end_date is null or subscriptions.service_end_date > rates.month)

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

crossings as (

    select
        account_id,
        step_date,
        is_paying,
        lead(step_date) over (partition by account_id order by step_date) as next_turn_date
    from turns
    where is_paying <> was_paying

),

-- a gap between two contracts is a loss only when a month closes in it, which is when revenue would miss it too: a
-- stretch that begins after a shorter gap goes on with the spell before
stretches as (

    select
        account_id,
        step_date as started_on,
        next_turn_date as stopped_on,
        lag(next_turn_date) over (partition by account_id order by step_date) as previous_stop
    from (
        select * from crossings
        where is_paying
    ) as arrivals

),

numbered as (

    select
        account_id,
        started_on,
        stopped_on,
        sum(
            case
                when previous_stop is null then 1
                when started_on >= {{ plus_months(first_of_month('previous_stop'), 1) }} then 1
                else 0
            end
        ) over (
            partition by account_id
            order by started_on
            rows between unbounded preceding and current row
        ) as spell_number
    from stretches

),

-- a gap that is still open on the as-of date counts from its first day, whether or not a month has closed in it
spells as (

    select
        account_id,
        spell_number,
        min(started_on) as started_on,
        case when count(stopped_on) = count(*) then max(stopped_on) end as ended_on
    from numbered
    group by account_id, spell_number

),

final as (

    select
        account_id,
        cast(spell_number as integer) as spell_number,
        started_on,
        ended_on,
        lead(started_on) over (partition by account_id order by spell_number) as returned_on,
        min(started_on) over (partition by account_id) as first_service_date
    from spells

)

select * from final
