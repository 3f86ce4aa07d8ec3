with

terms as (
    select * from {{ ref('int_subscription_terms') }}
),

health_dates as (
    select * from {{ ref('int_health_dates') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates_monthly') }}
),

order_versions as (
    select * from {{ ref('int_order_versions') }}
    where not is_deleted
),

payment_troubles as (
    select
        {{ seed_key('status') }} as status,
        cast(severity as double) as severity
    from {{ ref('payment_troubles') }}
),

settings as (
    select
        {{ threshold('health_commercial_days') }} as commercial_days,
        {{ threshold('health_renewal_ahead_days') }} as renewal_ahead_days,
        {{ threshold('health_renewal_ahead_weight', 'double') }} as renewal_ahead_weight,
        {{ threshold('health_payment_days') }} as payment_days,
        {{ threshold('health_payment_weight', 'double') }} as payment_weight
),

first_rate_months as (
    select min(month) as first_rate_month
    from exchange_rates
),

-- The rate of the last complete month is known on every day of this one, and using it for now and then alike keeps
-- movements of currencies out of the ratio.
dates as (
    select
        health_dates.as_of_date,
        {{ plus_days('health_dates.as_of_date', '-settings.commercial_days') }} as reference_date,
        {{ plus_days('health_dates.as_of_date', 'settings.renewal_ahead_days') }} as last_renewal_date,
        greatest(
            {{ first_of_month(plus_months('health_dates.as_of_date', '-1')) }},
            first_rate_months.first_rate_month
        ) as rate_month
    from health_dates
    cross join settings
    cross join first_rate_months
),

-- A successor that is learnt of late ends the term before it on a day that has passed.
late_successors as (
    select
        renewed_from_id as subscription_id,
        min(service_start_date) as ends_on,
        max(cast(first_known_at as date)) as known_on
    from terms
    where
        renewed_from_id is not null
        and cast(first_known_at as date) > service_start_date
    group by renewed_from_id
),

-- Credits are lines below zero; trials and free lines have nothing to add.
-- The last day of a contract that does not go on by itself is read from the contract alone: a successor that has begun
-- by the as-of date ends the service of its terms earlier, which the date did not know.
paid_terms as (
    select
        terms.subscription_id,
        terms.account_id,
        terms.currency,
        terms.seats,
        terms.mrr_native,
        terms.notice_given_on,
        terms.service_start_date,
        case
            when terms.ended_on is not null then terms.ended_on
            when not terms.is_repeating then terms.end_date
        end as last_contract_date,
        coalesce(terms.service_end_date, cast('9999-12-31' as date)) as service_end_date,
        cast(terms.valid_from as date) as known_from_on,
        cast(terms.valid_to as date) as known_until,
        coalesce(cast(terms.first_known_at as date), cast('1900-01-01' as date)) as known_on,
        late_successors.ends_on as successor_starts_on,
        late_successors.known_on as successor_known_on
    from terms
    left join late_successors
        on terms.subscription_id = late_successors.subscription_id
    where
        not terms.is_trial
        and terms.mrr_native <> 0
),

-- Each subscription as it was known at the date, when it was in service at any time since the reference date.
term_dates as (
    select
        paid_terms.subscription_id,
        paid_terms.account_id,
        dates.as_of_date,
        dates.rate_month,
        paid_terms.currency,
        paid_terms.seats,
        paid_terms.mrr_native,
        paid_terms.service_start_date,
        paid_terms.service_start_date <= dates.reference_date as was_in_service,
        paid_terms.service_end_date > dates.as_of_date as is_in_service,
        coalesce(paid_terms.notice_given_on <= dates.as_of_date, false) as is_under_notice,
        coalesce(paid_terms.last_contract_date <= dates.last_renewal_date, false) as is_due_soon,
        greatest(
            paid_terms.known_on,
            case when paid_terms.successor_starts_on <= dates.as_of_date then paid_terms.successor_known_on end
        ) as known_on
    from paid_terms
    inner join dates
        on
            paid_terms.service_start_date <= dates.as_of_date
            and paid_terms.service_end_date > dates.reference_date
            and paid_terms.known_from_on <= dates.as_of_date
            and paid_terms.known_until > dates.as_of_date
),

-- A successor counts from the day on which it was first exported; an export without cursors tells it when it begins.
successors as (
    select
        renewed_from_id as subscription_id,
        greatest(
            cast(valid_from as date), coalesce(cast(first_known_at as date), service_start_date)
        ) as known_from_on,
        cast(valid_to as date) as known_until
    from terms
    where
        renewed_from_id is not null
        and not is_deleted
),

renewed as (
    select distinct
        term_dates.subscription_id,
        term_dates.as_of_date
    from term_dates
    inner join successors
        on
            term_dates.subscription_id = successors.subscription_id
            and term_dates.as_of_date >= successors.known_from_on
            and term_dates.as_of_date < successors.known_until
    where term_dates.is_due_soon
),

-- Converted by way of doubles and made exact again: products of wide decimals cost fifty times as much.
converted as (
    select
        term_dates.account_id,
        term_dates.as_of_date,
        term_dates.seats,
        term_dates.service_start_date,
        term_dates.was_in_service,
        term_dates.is_in_service,
        term_dates.is_under_notice,
        term_dates.is_due_soon and not term_dates.is_under_notice and renewed.subscription_id is null
            as is_renewal_ahead,
        term_dates.known_on,
        cast(
            cast(term_dates.mrr_native as double) * cast(exchange_rates.rate_to_reporting as double) as decimal(18, 6)
        ) as mrr
    from term_dates
    left join exchange_rates
        on
            term_dates.currency = exchange_rates.currency
            and term_dates.rate_month = exchange_rates.month
    left join renewed
        on
            term_dates.subscription_id = renewed.subscription_id
            and term_dates.as_of_date = renewed.as_of_date
),

totals as (
    select
        account_id,
        as_of_date,
        sum(case when is_in_service then mrr end) as mrr,
        sum(case when is_in_service and not is_under_notice then mrr end) as secured_mrr,
        sum(case when is_in_service and is_renewal_ahead then mrr end) as renewal_ahead_mrr,
        sum(case when was_in_service then mrr end) as earlier_mrr,
        cast(sum(case when is_in_service then seats end) as bigint) as licensed_seats,
        min(service_start_date) as first_service_date,
        max(known_on) as known_on
    from converted
    group by account_id, as_of_date
),

-- Who had nothing in service at the reference date is compared with the first MRR after it.
newcomers as (
    select
        totals.account_id,
        totals.as_of_date,
        sum(converted.mrr) as first_mrr
    from totals
    inner join converted
        on
            totals.account_id = converted.account_id
            and totals.as_of_date = converted.as_of_date
            and totals.first_service_date = converted.service_start_date
    where
        coalesce(totals.earlier_mrr, 0) <= 0
        and totals.mrr > 0
    group by totals.account_id, totals.as_of_date
),

troubled_orders as (
    select
        order_versions.account_id,
        cast(order_versions.ordered_at as date) as ordered_on,
        {{ plus_days('cast(order_versions.ordered_at as date)', 'settings.payment_days') }} as leaves_window_on,
        payment_troubles.status,
        payment_troubles.severity,
        coalesce(cast(order_versions.known_at as date), cast('1900-01-01' as date)) as known_on,
        cast(order_versions.valid_from as date) as known_from_on,
        cast(order_versions.valid_to as date) as known_until
    from order_versions
    inner join payment_troubles
        on {{ seed_key('order_versions.status') }} = payment_troubles.status
    cross join settings
),

troubles as (
    select
        troubled_orders.account_id,
        dates.as_of_date,
        troubled_orders.status,
        troubled_orders.severity,
        troubled_orders.known_on,
        row_number() over (
            partition by troubled_orders.account_id, dates.as_of_date
            order by troubled_orders.severity desc, troubled_orders.status asc
        ) as severity_rank
    from troubled_orders
    inner join dates
        on
            troubled_orders.ordered_on <= dates.as_of_date
            and troubled_orders.leaves_window_on > dates.as_of_date
            and troubled_orders.known_from_on <= dates.as_of_date
            and troubled_orders.known_until > dates.as_of_date
),

-- The worst order counts: how many there are says more about how an account buys than about whether it pays.
payments as (
    select
        account_id,
        as_of_date,
        max(severity) as severity,
        max(case when severity_rank = 1 then status end) as status,
        count(*) as orders,
        max(known_on) as known_on
    from troubles
    group by account_id, as_of_date
),

shares as (
    select
        totals.account_id,
        totals.as_of_date,
        totals.licensed_seats,
        cast(totals.mrr as double) as mrr,
        cast(coalesce(totals.secured_mrr, 0) as double) as secured_mrr,
        cast(
            case
                when totals.earlier_mrr > 0 then totals.earlier_mrr
                when newcomers.first_mrr > 0 then newcomers.first_mrr
            end as double
        ) as earlier_mrr,
        greatest(0, least(
            1, cast(coalesce(totals.renewal_ahead_mrr, 0) as double) / cast(totals.mrr as double)
        )) as renewal_ahead_share,
        totals.known_on
    from totals
    left join newcomers
        on
            totals.account_id = newcomers.account_id
            and totals.as_of_date = newcomers.as_of_date
    where totals.mrr > 0
),

measured as (
    select
        shares.account_id,
        shares.as_of_date,
        shares.licensed_seats,
        case
            when shares.earlier_mrr is not null
                then round(greatest(
                    0,
                    shares.secured_mrr / shares.earlier_mrr
                    - settings.renewal_ahead_weight * shares.renewal_ahead_share
                    - settings.payment_weight * coalesce(payments.severity, 0)
                ), 9)
        end as measure,
        shares.mrr / shares.earlier_mrr as revenue_ratio,
        round(greatest(0, least(1, 1 - shares.secured_mrr / shares.mrr)), 9) as notice_share,
        shares.renewal_ahead_share,
        coalesce(payments.severity, 0) as payment_severity,
        payments.status as payment_status,
        coalesce(payments.orders, 0) as payment_orders,
        greatest(shares.known_on, payments.known_on) as known_on
    from shares
    cross join settings
    left join payments
        on
            shares.account_id = payments.account_id
            and shares.as_of_date = payments.as_of_date
)

select * from measured
