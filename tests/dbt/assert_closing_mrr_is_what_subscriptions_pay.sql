{{ config(meta={'dagster': {'ref': {'name': 'int_exchange_rates_monthly'}}}) }}

-- The MRR of the as-of date is that of the subscriptions in service then, added up without months in between.
with in_service as (

    select
        subscriptions.account_id,
        sum({{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }}) as mrr
    from {{ ref('int_subscriptions') }} as subscriptions
    left join {{ ref('int_exchange_rates_monthly') }} as rates
        on
            subscriptions.currency = rates.currency
            and rates.month = {{ first_of_month(as_of_date()) }}
    where
        subscriptions.service_start_date <= {{ as_of_date() }}
        and (subscriptions.service_end_date is null or subscriptions.service_end_date > {{ as_of_date() }})
    group by subscriptions.account_id
    having sum({{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }}) > 0

),

closing as (

    select
        account_id,
        closing_mrr
    from {{ ref('fct_mrr_movements') }}
    where month = {{ first_of_month(as_of_date()) }}

)

select
    coalesce(in_service.account_id, closing.account_id) as account_id,
    in_service.mrr,
    closing.closing_mrr
from in_service
full outer join closing on in_service.account_id = closing.account_id
where abs(coalesce(in_service.mrr, 0) - coalesce(closing.closing_mrr, 0)) >= 0.005
