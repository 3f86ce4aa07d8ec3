{{ config(meta={'dagster': {'ref': {'name': 'int_exchange_rates_monthly'}}}) }}

-- Every currency that a customer pays in has an exchange rate: without one its revenue would count for nothing.
select distinct subscriptions.currency
from {{ ref('int_subscriptions') }} as subscriptions
left join {{ ref('int_exchange_rates_monthly') }} as rates on subscriptions.currency = rates.currency
where
    subscriptions.mrr_native <> 0
    and rates.currency is null
