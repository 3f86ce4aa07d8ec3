with

dates as (
    select * from {{ ref('int_churn_risk_dates') }}
),

health_scores as (
    select * from {{ ref('int_health_scores') }}
),

health_dates as (
    select * from {{ ref('int_health_dates') }}
),

subscription_terms as (
    select * from {{ ref('int_subscription_terms') }}
),

signings as (
    select * from {{ ref('int_renewal_signings') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates_monthly') }}
),

churn as (
    select * from {{ ref('fct_churn') }}
),

settings as (
    select {{ threshold('churn_risk_horizon_days') }} as horizon_days
),

first_rate_months as (
    select min(month) as first_rate_month
    from exchange_rates
),

-- The rate of the last complete month is known on every day of this one.
dated as (
    select
        dates.as_of_date,
        dates.judged_on,
        greatest(
            {{ first_of_month(plus_months('dates.as_of_date', '-1')) }}, first_rate_months.first_rate_month
        ) as rate_month
    from dates
    cross join first_rate_months
),

-- Contracts in service, as they were known on the date. The columns of terms keep their names: the macros of terms
-- read them.
in_service as (
    select
        dated.as_of_date,
        dated.judged_on,
        dated.rate_month,
        subscription_terms.account_id,
        subscription_terms.subscription_id,
        subscription_terms.currency,
        subscription_terms.mrr_native,
        subscription_terms.start_date,
        subscription_terms.end_date,
        subscription_terms.term_days,
        subscription_terms.term_months,
        subscription_terms.term_extra_days,
        subscription_terms.is_repeating,
        subscription_terms.ended_on,
        subscription_terms.notice_days,
        case
            when subscription_terms.notice_given_on <= dated.as_of_date then subscription_terms.notice_given_on
        end as notice_given_on
    from subscription_terms
    inner join dated
        on
            subscription_terms.service_start_date <= dated.as_of_date
            and coalesce(subscription_terms.service_end_date, cast('9999-12-31' as date)) > dated.as_of_date
            and cast(subscription_terms.valid_from as date) <= dated.as_of_date
            and cast(subscription_terms.valid_to as date) > dated.as_of_date
    where subscription_terms.mrr_native > 0
),

numbered as (
    select
        *,
        case when is_repeating then {{ term_number('coalesce(notice_given_on, as_of_date)') }} end as last_term
    from in_service
),

-- What the customer had said by then decides: a notice ends the contract, and without one it ends with its term or
-- rolls over. What was entered later is not looked at.
planned as (
    select
        *,
        case
            when notice_given_on is not null and ended_on is not null then ended_on
            when notice_given_on is not null and end_date is null then {{ plus_days('notice_given_on', 'notice_days') }}
            when is_repeating then {{ term_end('last_term') }}
            else end_date
        end as due_date
    from numbered
),

decided as (
    select
        planned.account_id,
        planned.as_of_date,
        planned.judged_on,
        planned.due_date,
        planned.is_repeating,
        planned.notice_given_on is not null or coalesce(signings.lost_on <= planned.as_of_date, false) as is_leaving,
        coalesce(signings.signed_on <= planned.as_of_date, false) as is_signed,
        cast(
            cast(planned.mrr_native as double) * cast(exchange_rates.rate_to_reporting as double) as decimal(18, 6)
        ) as mrr
    from planned
    left join signings
        on
            planned.subscription_id = signings.subscription_id
            and planned.due_date = signings.due_date
    left join exchange_rates
        on
            planned.currency = exchange_rates.currency
            and planned.rate_month = exchange_rates.month
),

-- Service ends the day after a contract's last one, and the horizon includes its last day.
grouped as (
    select
        account_id,
        as_of_date,
        mrr,
        case
            when is_leaving and due_date < judged_on then 'ending'
            when is_leaving then 'leaving_later'
            when is_signed or due_date is null or due_date >= judged_on then 'secured'
            when is_repeating then 'rolling'
            else 'due'
        end as state
    from decided
),

contracts as (
    select
        account_id,
        as_of_date,
        count(*) as contracts,
        cast(sum(mrr) as double) as mrr,
        cast(sum(case when state = 'ending' then mrr else 0 end) as double) as ending_mrr,
        cast(sum(case when state = 'leaving_later' then mrr else 0 end) as double) as leaving_later_mrr,
        cast(sum(case when state = 'rolling' then mrr else 0 end) as double) as rolling_mrr,
        cast(sum(case when state = 'due' then mrr else 0 end) as double) as due_mrr
    from grouped
    group by account_id, as_of_date
),

first_service as (
    select
        account_id,
        min(service_start_date) as first_service_date
    from subscription_terms
    where
        is_current
        and mrr_native > 0
        and service_start_date <= {{ as_of_date() }}
        and (service_end_date is null or service_end_date > service_start_date)
    group by account_id
),

-- Health has a row for every account that paid on the date. Amounts and tenures spread over orders of magnitude, so
-- they count by their logarithm.
measured as (
    select
        health_scores.account_id,
        health_scores.as_of_date,
        health_scores.health_score,
        contracts.ending_mrr / nullif(contracts.mrr, 0) as ending_share,
        contracts.due_mrr / nullif(contracts.mrr, 0) as due_share,
        contracts.rolling_mrr / nullif(contracts.mrr, 0) as rolling_share,
        contracts.leaving_later_mrr / nullif(contracts.mrr, 0) as leaving_later_share,
        health_scores.commercial_value as commercial,
        health_scores.adoption_value as adoption,
        health_scores.adoption_value - earlier_scores.adoption_value as adoption_change,
        health_scores.sentiment_value as sentiment,
        cast(health_scores.service_value as double) as service,
        cast(health_scores.relationship_value as double) as relationship,
        cast(contracts.contracts as double) as contracts,
        ln(1 + {{ days_from_to('first_service.first_service_date', 'health_scores.as_of_date') }} / 365.25) as tenure,
        ln(1 + contracts.mrr) as revenue,
        dates.is_backtest,
        dates.is_today
    from health_scores
    inner join dates
        on health_scores.as_of_date = dates.as_of_date
    inner join health_dates
        on health_scores.as_of_date = health_dates.as_of_date
    left join health_scores as earlier_scores
        on
            health_scores.account_id = earlier_scores.account_id
            and health_dates.four_weeks_earlier = earlier_scores.as_of_date
    left join contracts
        on
            health_scores.account_id = contracts.account_id
            and health_scores.as_of_date = contracts.as_of_date
    left join first_service
        on
            health_scores.account_id = first_service.account_id
            and health_scores.as_of_date >= first_service.first_service_date
),

losses as (
    select
        measured.account_id,
        measured.as_of_date,
        count(*) as losses
    from measured
    inner join churn
        on measured.account_id = churn.account_id
    cross join settings
    where
        churn.churned_on > measured.as_of_date
        and churn.churned_on <= {{ plus_days('measured.as_of_date', 'settings.horizon_days') }}
    group by measured.account_id, measured.as_of_date
),

final as (
    select
        measured.*,
        case when not measured.is_today then losses.losses is not null end as is_churned
    from measured
    left join losses
        on
            measured.account_id = losses.account_id
            and measured.as_of_date = losses.as_of_date
)

select * from final
