with entitlement_months as (

    select * from {{ ref('int_product_entitlement_months') }}

),

usage_months as (

    select * from {{ ref('int_product_usage_months') }}

),

first_values as (

    select * from {{ ref('int_product_first_values') }}

),

features as (

    select * from {{ ref('int_product_features') }}

),

entitlements as (

    select * from {{ ref('int_product_entitlements') }}

),

thresholds as (

    select
        lower(trim(product)) as product_key,
        minimum_seat_utilisation,
        minimum_active_users,
        minimum_active_days
    from {{ ref('product_adoption_thresholds') }}

),

-- what was in service at the month's end, as revenue has it
product_mrr as (

    select
        account_id,
        month,
        lower(product) as product_key,
        cast(sum(mrr) as decimal(18, 6)) as closing_mrr
    from {{ ref('int_account_product_mrr_months') }}
    group by account_id, month, lower(product)

),

-- a product is called what it is sold as
products as (

    select
        product_key,
        coalesce(min(product_as_sold), min(product_as_used)) as product
    from (
        select
            product_key,
            product_as_sold,
            cast(null as {{ dbt.type_string() }}) as product_as_used
        from entitlements
        union all
        select
            product_key,
            cast(null as {{ dbt.type_string() }}) as product_as_sold,
            product_as_used
        from features
    ) as sold_and_used
    group by product_key

),

-- a product with a row of its own has no condition of the default
product_settings as (

    select
        products.product_key,
        products.product,
        case when own.product_key is null then general.minimum_seat_utilisation else own.minimum_seat_utilisation end
            as minimum_seat_utilisation,
        case when own.product_key is null then general.minimum_active_users else own.minimum_active_users end
            as minimum_active_users,
        case when own.product_key is null then general.minimum_active_days else own.minimum_active_days end
            as minimum_active_days
    from products
    left join thresholds as own on products.product_key = own.product_key
    left join thresholds as general on general.product_key = 'default'

),

-- before anybody's use was recorded, nobody knows who used what
usage_history as (

    select {{ first_of_month('min(first_seen_on)') }} as first_month
    from features

),

-- bought or used; a trial that nobody tried is neither
bought_or_used as (

    select
        coalesce(entitlement_months.account_id, usage_months.account_id) as account_id,
        coalesce(entitlement_months.product_key, usage_months.product_key) as product_key,
        coalesce(entitlement_months.month, usage_months.month) as month,
        coalesce(entitlement_months.is_entitled, false) as is_entitled,
        coalesce(entitlement_months.is_trial, false) as is_trial,
        coalesce(usage_months.licensed_seats, entitlement_months.licensed_seats) as licensed_seats,
        usage_months.active_users,
        usage_months.active_user_days,
        usage_months.event_count,
        usage_months.features_used,
        usage_months.active_days
    from entitlement_months
    full outer join usage_months
        on
            entitlement_months.account_id = usage_months.account_id
            and entitlement_months.product_key = usage_months.product_key
            and entitlement_months.month = usage_months.month
    where
        entitlement_months.is_entitled
        or usage_months.active_days > 0

),

account_months as (

    select
        bought_or_used.account_id,
        bought_or_used.product_key,
        bought_or_used.month,
        bought_or_used.is_entitled,
        bought_or_used.is_trial,
        bought_or_used.licensed_seats,
        coalesce(bought_or_used.month >= usage_history.first_month, false) as is_usage_known,
        usage_history.first_month as first_usage_month,
        case
            when bought_or_used.active_days > 0 then bought_or_used.active_users
            when bought_or_used.month >= usage_history.first_month then 0
        end as active_users,
        case
            when bought_or_used.month >= usage_history.first_month then coalesce(bought_or_used.active_user_days, 0)
        end as active_user_days,
        case
            when bought_or_used.month >= usage_history.first_month then coalesce(bought_or_used.event_count, 0)
        end as event_count,
        case
            when bought_or_used.month >= usage_history.first_month then coalesce(bought_or_used.features_used, 0)
        end as features_used,
        case
            when bought_or_used.month >= usage_history.first_month then coalesce(bought_or_used.active_days, 0)
        end as active_days
    from bought_or_used
    cross join usage_history

),

feature_counts as (

    select
        product_months.product_key,
        product_months.month,
        count(*) as features_entitled
    from (
        select distinct
            product_key,
            month
        from account_months
    ) as product_months
    inner join features
        on
            product_months.product_key = features.product_key
            and {{ plus_months('product_months.month', 1) }} > features.belongs_from
    group by product_months.product_key, product_months.month

),

measured as (

    select
        account_months.*,
        product_settings.product,
        product_settings.minimum_seat_utilisation,
        product_settings.minimum_active_users,
        product_settings.minimum_active_days,
        coalesce(feature_counts.features_entitled, 0) as features_entitled,
        first_values.first_entitled_on,
        -- a later month's first use is not known in this one
        case
            when first_values.first_value_on < {{ plus_months('account_months.month', 1) }}
                then first_values.first_value_on
        end as first_value_at,
        {{ exact_rate('account_months.active_users', 'account_months.licensed_seats') }} as seat_utilisation,
        least({{ plus_months('account_months.month', 1) }}, {{ plus_days(as_of_date(), 1) }}) as month_end,
        coalesce(product_mrr.closing_mrr, cast(0 as decimal(18, 6))) as closing_mrr
    from account_months
    inner join product_settings on account_months.product_key = product_settings.product_key
    left join feature_counts
        on
            account_months.product_key = feature_counts.product_key
            and account_months.month = feature_counts.month
    left join first_values
        on
            account_months.account_id = first_values.account_id
            and account_months.product_key = first_values.product_key
    left join product_mrr
        on
            account_months.account_id = product_mrr.account_id
            and account_months.product_key = product_mrr.product_key
            and account_months.month = product_mrr.month

),

final as (

    select
        account_id,
        product,
        month,
        {{ plus_months('month', 1) }} <= {{ plus_days(as_of_date(), 1) }} as is_complete,
        is_entitled,
        is_trial,
        is_usage_known,
        coalesce(is_entitled and {{ first_of_month('first_entitled_on') }} = month, false) as is_first_month,
        closing_mrr,
        cast(licensed_seats as bigint) as licensed_seats,
        cast(active_users as bigint) as active_users,
        cast(
            case
                when is_entitled and licensed_seats > active_users then licensed_seats - active_users
                when is_entitled and licensed_seats <= active_users then 0
            end as bigint
        ) as unused_seats,
        seat_utilisation,
        cast(event_count as bigint) as event_count,
        cast(features_entitled as bigint) as features_entitled,
        cast(features_used as bigint) as features_used,
        {{ exact_rate('features_used', 'features_entitled') }} as feature_breadth,
        cast(active_days as bigint) as active_days,
        cast(active_user_days as bigint) as active_user_days,
        cast({{ days_from_to('month', 'month_end') }} as bigint) as days,
        {{ exact_rate('active_user_days', 'active_users * ' ~ days_from_to('month', 'month_end')) }} as stickiness,
        -- a condition on what nobody states, seats or people, is not held against the account
        case
            when is_usage_known
                then
                    is_entitled
                    and active_days > 0
                    and coalesce(seat_utilisation >= cast(minimum_seat_utilisation as double), true)
                    and coalesce(active_users >= minimum_active_users, true)
                    and coalesce(active_days >= minimum_active_days, true)
        end as is_adopted,
        case when first_entitled_on < {{ plus_months('month', 1) }} then first_entitled_on end as first_entitled_on,
        first_value_at,
        -- who began before anybody's use was recorded may have used it earlier
        case
            when first_entitled_on >= first_usage_month then {{ days_from_to('first_entitled_on', 'first_value_at') }}
        end as days_to_first_value
    from measured

)

select * from final
