with snapshots as (

    select * from {{ ref('int_renewal_snapshots') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

settings as (

    select {{ threshold('renewal_forecast_history_days') }} as history_days

),

-- only what was settled by a date may be compared with on it
settled as (

    select
        renewal_kind,
        lead_time,
        risk_band,
        settled_on,
        count(*) as compared_renewals,
        sum(case when is_renewed then 1 else 0 end) as renewed_renewals
    from snapshots
    where settled_on <= {{ as_of_date() }}
    group by renewal_kind, lead_time, risk_band, settled_on

),

groups as (

    select distinct
        renewal_kind,
        lead_time,
        risk_band
    from settled

),

-- a settled renewal enters the history on its day and leaves it when it is too old; a date to forecast on adds nothing
steps as (

    select
        renewal_kind,
        lead_time,
        risk_band,
        settled_on as step_date,
        compared_renewals,
        renewed_renewals,
        false as is_forecast_date
    from settled

    union all

    select
        settled.renewal_kind,
        settled.lead_time,
        settled.risk_band,
        {{ plus_days('settled.settled_on', 'settings.history_days') }} as step_date,
        -settled.compared_renewals as compared_renewals,
        -settled.renewed_renewals as renewed_renewals,
        false as is_forecast_date
    from settled
    cross join settings

    union all

    select
        groups.renewal_kind,
        groups.lead_time,
        groups.risk_band,
        months.snapshot_date as step_date,
        0 as compared_renewals,
        0 as renewed_renewals,
        true as is_forecast_date
    from groups
    cross join months

),

-- one pass over the steps instead of a look back from each date
counted as (

    select
        renewal_kind,
        lead_time,
        risk_band,
        step_date as as_of_date,
        is_forecast_date,
        cast(sum(compared_renewals) over (
            partition by renewal_kind, lead_time, risk_band
            order by step_date
            range between unbounded preceding and current row
        ) as bigint) as compared_renewals,
        cast(sum(renewed_renewals) over (
            partition by renewal_kind, lead_time, risk_band
            order by step_date
            range between unbounded preceding and current row
        ) as bigint) as renewed_renewals
    from steps

),

final as (

    select
        as_of_date,
        renewal_kind,
        lead_time,
        risk_band,
        compared_renewals,
        renewed_renewals
    from counted
    where
        is_forecast_date
        and compared_renewals > 0

)

select * from final
