with forecasts as (

    select * from {{ ref('int_renewal_forecasts') }}

),

history as (

    select * from {{ ref('int_renewal_history') }}

),

lead_times as (

    select * from {{ ref('renewal_lead_times') }}

),

horizons as (

    select {{ threshold('renewal_forecast_short_horizon_days') }} as horizon_days

    union

    select {{ threshold('renewal_forecast_long_horizon_days') }} as horizon_days

),

-- the rival that a forecast must beat knows how many renewals due this soon were won, and nothing about any of them
constants as (

    select
        history.as_of_date,
        horizons.horizon_days,
        {{ exact_rate('sum(history.renewed_renewals)', 'sum(history.compared_renewals)') }} as constant_probability
    from history
    inner join lead_times on history.lead_time = lead_times.lead_time
    inner join horizons on lead_times.from_days is null or lead_times.from_days <= horizons.horizon_days
    group by history.as_of_date, horizons.horizon_days

),

-- a past date is judged when its horizon is over; what is open even now has no outcome to be judged by
judged as (

    select
        forecasts.*,
        horizons.horizon_days,
        constants.constant_probability,
        case when forecasts.is_renewed then 1 else 0 end as renewed
    from forecasts
    inner join horizons on forecasts.days_until_due <= horizons.horizon_days
    left join constants
        on
            forecasts.as_of_date = constants.as_of_date
            and horizons.horizon_days = constants.horizon_days
    where
        {{ plus_days('forecasts.as_of_date', 'horizons.horizon_days') }} <= {{ as_of_date() }}
        and forecasts.is_renewed is not null
        and forecasts.renewal_probability is not null

),

-- sums of doubles depend on the order of rows; published figures must not
final as (

    select
        as_of_date,
        horizon_days,
        subscription_id,
        due_date,
        renewal_probability,
        constant_probability,
        due_arr,
        expected_arr,
        renewed,
        renewed_arr,
        cast(renewal_probability as decimal(18, 12)) as exact_probability,
        cast(
            (renewal_probability - renewed) * (renewal_probability - renewed) as decimal(18, 12)
        ) as squared_error,
        cast(
            (constant_probability - renewed) * (constant_probability - renewed) as decimal(18, 12)
        ) as squared_error_constant
    from judged

)

select * from final
