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

settings as (
    select {{ threshold('health_commercial_days') }} as commercial_days
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
paid_terms as (
    select
        terms.account_id,
        terms.currency,
        terms.seats,
        terms.mrr_native,
        terms.notice_given_on,
        terms.service_start_date,
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
        term_dates.known_on,
        cast(
            cast(term_dates.mrr_native as double) * cast(exchange_rates.rate_to_reporting as double) as decimal(18, 6)
        ) as mrr
    from term_dates
    left join exchange_rates
        on
            term_dates.currency = exchange_rates.currency
            and term_dates.rate_month = exchange_rates.month
),

totals as (
    select
        account_id,
        as_of_date,
        sum(case when is_in_service then mrr end) as mrr,
        sum(case when is_in_service and not is_under_notice then mrr end) as secured_mrr,
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

measured as (
    select
        totals.account_id,
        totals.as_of_date,
        totals.licensed_seats,
        cast(coalesce(totals.secured_mrr, 0) as double) / cast(
            case
                when totals.earlier_mrr > 0 then totals.earlier_mrr
                when newcomers.first_mrr > 0 then newcomers.first_mrr
            end as double
        ) as measure,
        totals.known_on
    from totals
    left join newcomers
        on
            totals.account_id = newcomers.account_id
            and totals.as_of_date = newcomers.as_of_date
    where totals.mrr > 0
)

select * from measured
