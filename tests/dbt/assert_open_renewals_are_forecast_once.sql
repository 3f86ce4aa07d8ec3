{{ config(meta={'dagster': {'ref': {'name': 'renewal_forecast'}}}) }}

-- Each renewal that fct_renewals calls pending is forecast once, for what is due; nothing else is forecast; and what is
-- expected is what is due times the probability, or neither is known.
with pending as (

    select * from {{ ref('fct_renewals') }}
    where outcome = 'pending'

),

forecasts as (

    select * from {{ ref('renewal_forecast') }}

)

select
    coalesce(pending.subscription_id, forecasts.subscription_id) as subscription_id,
    pending.due_date,
    forecasts.due_date as forecast_due_date
from pending
full outer join forecasts
    on
        pending.subscription_id = forecasts.subscription_id
        and pending.due_date = forecasts.due_date
where
    pending.subscription_id is null
    or forecasts.subscription_id is null
    or pending.account_id <> forecasts.account_id
    or pending.due_arr <> forecasts.due_arr
    or (forecasts.renewal_probability is null) <> (forecasts.expected_arr is null)
    or abs(
        cast(forecasts.due_arr as double) * forecasts.renewal_probability - cast(forecasts.expected_arr as double)
    ) >= 0.005
