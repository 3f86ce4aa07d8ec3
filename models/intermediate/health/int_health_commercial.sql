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

native as (
    select
        account_id,
        as_of_date,
        rate_month,
        currency,
        cast(sum(case when is_in_service then mrr_native else 0 end) as decimal(38, 6)) as mrr,
        cast(sum(case when is_in_service and not is_under_notice then mrr_native else 0 end) as decimal(38, 6)) as secured_mrr,
        cast(sum(case when was_in_service then mrr_native else 0 end) as decimal(38, 6)) as earlier_mrr,
        cast(sum(case when is_in_service then seats end) as bigint) as licensed_seats,
        min(service_start_date) as first_service_date,
        max(known_on) as known_on
    from term_dates
    group by account_id, as_of_date, rate_month, currency
),

converted as (
    select
        native.account_id,
        native.as_of_date,
        sum(cast(native.mrr * exchange_rates.rate_to_reporting as decimal(38, 6))) as mrr,
        sum(cast(native.secured_mrr * exchange_rates.rate_to_reporting as decimal(38, 6))) as secured_mrr,
        sum(cast(native.earlier_mrr * exchange_rates.rate_to_reporting as decimal(38, 6))) as earlier_mrr,
        cast(sum(native.licensed_seats) as bigint) as licensed_seats,
        min(native.first_service_date) as first_service_date,
        max(native.known_on) as known_on
    from native
    left join exchange_rates
        on
            native.currency = exchange_rates.currency
            and native.rate_month = exchange_rates.month
    group by native.account_id, native.as_of_date
),

-- Who had nothing in service at the reference date is compared with the first MRR after it.
newcomers as (
    select
        converted.account_id,
        converted.as_of_date,
        sum(cast(cast(term_dates.mrr_native as decimal(38, 6)) * exchange_rates.rate_to_reporting as decimal(38, 6))) as first_mrr
    from converted
    inner join term_dates
        on
            converted.account_id = term_dates.account_id
            and converted.as_of_date = term_dates.as_of_date
            and converted.first_service_date = term_dates.service_start_date
    left join exchange_rates
        on
            term_dates.currency = exchange_rates.currency
            and term_dates.rate_month = exchange_rates.month
    where
        converted.earlier_mrr <= 0
        and converted.mrr > 0
    group by converted.account_id, converted.as_of_date
),

measured as (
    select
        converted.account_id,
        converted.as_of_date,
        converted.licensed_seats,
        cast(converted.secured_mrr as double) / cast(
            case
                when converted.earlier_mrr > 0 then converted.earlier_mrr
                when newcomers.first_mrr > 0 then newcomers.first_mrr
            end as double
        ) as measure,
        converted.known_on
    from converted
    left join newcomers
        on
            converted.account_id = newcomers.account_id
            and converted.as_of_date = newcomers.as_of_date
    where converted.mrr > 0
)

select * from measured
