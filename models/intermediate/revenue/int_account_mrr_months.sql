with product_months as (

    select * from {{ ref('int_account_product_mrr_months') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_monthly') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}

),

account_groups as (

    select * from {{ ref('int_account_groups') }}

),

-- what a month closed with opens the next one
both_ends as (

    select
        account_id,
        month,
        product,
        currency,
        cast(0 as decimal(18, 6)) as opening_native,
        cast(0 as decimal(18, 6)) as opening_mrr,
        mrr_native as closing_native,
        mrr as closing_mrr
    from product_months

    union all

    select
        product_months.account_id,
        months.month,
        product_months.product,
        product_months.currency,
        product_months.mrr_native as opening_native,
        product_months.mrr as opening_mrr,
        cast(0 as decimal(18, 6)) as closing_native,
        cast(0 as decimal(18, 6)) as closing_mrr
    from product_months
    inner join months on {{ plus_months('product_months.month', 1) }} = months.month

),

by_currency as (

    select
        account_id,
        month,
        currency,
        cast(sum(opening_native) as decimal(18, 6)) as opening_native,
        cast(sum(closing_native) as decimal(18, 6)) as closing_native
    from both_ends
    group by account_id, month, currency

),

-- valued once for each currency, so that a contract that moves from one product to another does not grow by a rounding;
-- the opening contracts valued at this month's rate show what exchange rates alone did
valued as (

    select
        by_currency.account_id,
        by_currency.month,
        {{ in_reporting_currency('by_currency.opening_native', 'opening_rates.rate_to_reporting') }} as opening_mrr,
        {{ in_reporting_currency('by_currency.opening_native', 'rates.rate_to_reporting') }} as reopening_mrr,
        {{ in_reporting_currency('by_currency.closing_native', 'rates.rate_to_reporting') }} as closing_mrr
    from by_currency
    left join rates
        on
            by_currency.month = rates.month
            and by_currency.currency = rates.currency
    left join rates as opening_rates
        on
            {{ plus_months('by_currency.month', -1) }} = opening_rates.month
            and by_currency.currency = opening_rates.currency

),

-- credits may exceed what an account pays for a while; it then counts as paying nothing, never as negative revenue
by_account as (

    select
        account_id,
        month,
        cast(greatest(sum(opening_mrr), 0) as decimal(18, 6)) as opening_mrr,
        cast(greatest(sum(closing_mrr), 0) as decimal(18, 6)) as closing_mrr,
        cast(sum(reopening_mrr) - sum(opening_mrr) as decimal(18, 6)) as fx_mrr
    from valued
    group by account_id, month
    having sum(opening_mrr) > 0 or sum(closing_mrr) > 0

),

by_product as (

    select
        account_id,
        month,
        product,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr
    from both_ends
    group by account_id, month, product

),

-- the product that an account is counted under: its largest when the month opens, or when it closes for an account that
-- arrives; what happens inside the month must not decide where an account is counted that was there before
ranked_products as (

    select
        by_product.account_id,
        by_product.month,
        by_product.product,
        row_number() over (
            partition by by_product.account_id, by_product.month
            order by
                case
                    when by_account.opening_mrr > 0 then by_product.opening_mrr
                    else by_product.closing_mrr
                end desc,
                by_product.product asc
        ) as product_rank
    from by_product
    inner join by_account
        on
            by_product.account_id = by_account.account_id
            and by_product.month = by_account.month

),

first_months as (

    select
        account_id,
        min(month) as first_mrr_month
    from by_account
    where closing_mrr > 0
    group by account_id

),

-- attributes are those known when the month opened, so that no account moves between segments inside a window
final as (

    select
        by_account.account_id,
        by_account.month,
        months.snapshot_date,
        months.is_complete,
        by_account.opening_mrr,
        by_account.closing_mrr,
        case
            when by_account.opening_mrr > 0 and by_account.closing_mrr > 0 then by_account.fx_mrr
            else cast(0 as decimal(18, 6))
        end as fx_mrr,
        case
            when by_account.opening_mrr > 0 then by_account.fx_mrr
            else cast(0 as decimal(18, 6))
        end as opening_fx_mrr,
        first_months.first_mrr_month,
        ranked_products.product,
        coalesce(account_versions.segment, 'unknown') as segment,
        coalesce(account_versions.region, 'unknown') as region,
        coalesce(account_versions.support_plan, 'unknown') as support_plan,
        coalesce(account_versions.customer_type, 'unknown') as customer_type,
        coalesce(account_groups.ultimate_parent_account_id, by_account.account_id) as ultimate_parent_account_id
    from by_account
    inner join months on by_account.month = months.month
    inner join first_months on by_account.account_id = first_months.account_id
    inner join ranked_products
        on
            by_account.account_id = ranked_products.account_id
            and by_account.month = ranked_products.month
            and ranked_products.product_rank = 1
    left join account_versions
        on
            by_account.account_id = account_versions.account_id
            and account_versions.valid_from < cast(by_account.month as timestamp)
            and account_versions.valid_to >= cast(by_account.month as timestamp)
    left join account_groups on by_account.account_id = account_groups.account_id

)

select * from final
