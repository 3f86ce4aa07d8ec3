with snapshots as (

    select * from {{ ref('int_renewal_snapshots') }}

),

history as (

    select * from {{ ref('int_renewal_history') }}

),

settings as (

    select
        {{ threshold('renewal_forecast_prior_renewals', 'double') }} as prior_renewals,
        {{ threshold('renewal_forecast_minimum_renewals') }} as minimum_renewals

),

overall as (

    select
        as_of_date,
        sum(compared_renewals) as compared_renewals,
        {{ exact_rate('sum(renewed_renewals)', 'sum(compared_renewals)') }} as renewal_rate
    from history
    group by as_of_date

),

by_kind_and_lead_time as (

    select
        as_of_date,
        renewal_kind,
        lead_time,
        sum(compared_renewals) as compared_renewals,
        sum(renewed_renewals) as renewed_renewals
    from history
    group by as_of_date, renewal_kind, lead_time

),

-- each narrower group starts from the rate of the wider one, which weighs as much as the seeded number of renewals;
-- with too little history of any kind nothing is forecast, since any number would be invented
described as (

    select
        snapshots.*,
        settings.prior_renewals,
        cast(coalesce(by_kind_and_lead_time.compared_renewals, 0) as bigint) as compared_at_lead_time,
        cast(coalesce(history.compared_renewals, 0) as bigint) as compared_renewals,
        cast(coalesce(history.renewed_renewals, 0) as bigint) as compared_renewed,
        overall.renewal_rate as overall_renewal_rate,
        {{ smoothed_rate(
            'by_kind_and_lead_time.renewed_renewals',
            'by_kind_and_lead_time.compared_renewals',
            'overall.renewal_rate',
            'settings.prior_renewals'
        ) }} as lead_time_renewal_rate
    from snapshots
    cross join settings
    left join overall
        on
            snapshots.as_of_date = overall.as_of_date
            and settings.minimum_renewals <= overall.compared_renewals
    left join by_kind_and_lead_time
        on
            snapshots.as_of_date = by_kind_and_lead_time.as_of_date
            and snapshots.renewal_kind = by_kind_and_lead_time.renewal_kind
            and snapshots.lead_time = by_kind_and_lead_time.lead_time
    left join history
        on
            snapshots.as_of_date = history.as_of_date
            and snapshots.renewal_kind = history.renewal_kind
            and snapshots.lead_time = history.lead_time
            and snapshots.risk_band = history.risk_band

),

forecast as (

    select
        *,
        {{ smoothed_rate('compared_renewed', 'compared_renewals', 'lead_time_renewal_rate', 'prior_renewals') }}
            as renewal_probability
    from described

),

final as (

    select
        as_of_date,
        subscription_id,
        due_date,
        account_id,
        product,
        due_arr,
        days_until_due,
        is_auto_renewal,
        notice_deadline,
        health_score,
        risk_band,
        renewal_kind,
        lead_time,
        compared_renewals,
        compared_renewed,
        compared_at_lead_time,
        lead_time_renewal_rate,
        overall_renewal_rate,
        renewal_probability,
        cast(cast(due_arr as double) * renewal_probability as decimal(18, 6)) as expected_arr,
        is_renewed,
        renewed_arr,
        settled_on
    from forecast

)

select * from final
