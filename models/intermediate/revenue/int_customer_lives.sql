with spells as (

    select * from {{ ref('int_service_spells') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_monthly') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}

),

-- a life ends at the first churn: who comes back has been a customer before, and would not be one of equal chances
-- among those who are new
first_spells as (

    select
        account_id,
        started_on,
        ended_on,
        coalesce(ended_on, {{ plus_days(as_of_date(), 1) }}) as observed_until,
        greatest(started_on, coalesce({{ data_start_date() }}, started_on)) as in_view_on
    from spells
    where spell_number = 1

),

-- whoever had left by the day the extracts begin was never in view
in_view as (

    select
        *,
        {{ whole_months_from_to('started_on', 'in_view_on') }} as entry_month,
        {{ whole_months_from_to('started_on', 'observed_until') }} as tenure_months
    from first_spells
    where in_view_on < observed_until

),

-- a product is what the account pays most for when it comes into view
products as (

    select
        in_view.account_id,
        coalesce(subscriptions.product, 'unknown') as product,
        sum({{ in_reporting_currency('subscriptions.mrr_native', 'rates.rate_to_reporting') }}) as mrr
    from in_view
    inner join subscriptions
        on
            in_view.account_id = subscriptions.account_id
            and in_view.in_view_on >= subscriptions.service_start_date
            and (subscriptions.service_end_date is null or in_view.in_view_on < subscriptions.service_end_date)
    left join rates
        on
            {{ first_of_month('in_view.in_view_on') }} = rates.month
            and subscriptions.currency = rates.currency
    where subscriptions.mrr_native <> 0
    group by in_view.account_id, coalesce(subscriptions.product, 'unknown')

),

ranked_products as (

    select
        account_id,
        product,
        row_number() over (partition by account_id order by mrr desc, product asc) as product_rank
    from products

),

-- attributes are those known at the end of the day on which the account comes into view: what became of it later may be
-- the very reason why they changed
final as (

    select
        in_view.account_id,
        in_view.started_on,
        in_view.ended_on,
        in_view.in_view_on,
        in_view.entry_month,
        in_view.tenure_months,
        in_view.ended_on is not null as is_churned,
        coalesce(account_versions.segment, 'unknown') as segment,
        coalesce(account_versions.region, 'unknown') as region,
        coalesce(ranked_products.product, 'unknown') as product,
        coalesce(account_versions.support_plan, 'unknown') as support_plan,
        coalesce(account_versions.customer_type, 'unknown') as customer_type
    from in_view
    left join ranked_products
        on
            in_view.account_id = ranked_products.account_id
            and ranked_products.product_rank = 1
    left join account_versions
        on
            in_view.account_id = account_versions.account_id
            and account_versions.valid_from < cast({{ plus_days('in_view.in_view_on', 1) }} as timestamp)
            and account_versions.valid_to >= cast({{ plus_days('in_view.in_view_on', 1) }} as timestamp)

)

select * from final
