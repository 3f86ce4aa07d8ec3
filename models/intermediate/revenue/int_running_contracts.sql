with subscriptions as (

    select * from {{ ref('int_subscriptions') }}
    where
        mrr_native > 0
        and service_start_date <= {{ as_of_date() }}
        and (service_end_date is null or service_end_date > {{ as_of_date() }})

),

contract_renewals as (

    select * from {{ ref('int_contract_renewals') }}
    where is_last_due

),

rates as (

    select * from {{ ref('int_exchange_rates_monthly') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}
    where {{ is_known_version() }}

),

-- an open-ended contract never falls due: nothing is known of its end unless notice has been given
final as (

    select
        subscriptions.subscription_id,
        subscriptions.account_id,
        coalesce(account_versions.segment, 'unknown') as segment,
        {{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }} as mrr,
        contract_renewals.period_months,
        contract_renewals.due_date,
        contract_renewals.renewal_number,
        case
            when contract_renewals.outcome = 'churned' then 'ends'
            when contract_renewals.outcome = 'pending' then 'open'
            when contract_renewals.outcome is not null then 'renewed'
            when subscriptions.service_end_date is not null then 'ends'
            else 'never_due'
        end as renewal_state
    from subscriptions
    left join contract_renewals on subscriptions.subscription_id = contract_renewals.subscription_id
    left join rates
        on
            rates.month = {{ first_of_month(as_of_date()) }}
            and subscriptions.currency = rates.currency
    left join account_versions on subscriptions.account_id = account_versions.account_id

)

select * from final
