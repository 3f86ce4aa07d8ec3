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

closings as (

    select
        account_id,
        month,
        product,
        cast(0 as decimal(18, 6)) as opening_mrr,
        cast(0 as decimal(18, 6)) as fx_mrr,
        mrr as closing_mrr
    from product_months

),

-- what a month closed with opens the next one; valued again at the next month's rate, the same contracts show what
-- exchange rates alone did
openings as (

    select
        product_months.account_id,
        months.month,
        product_months.product,
        product_months.mrr as opening_mrr,
        {{ in_reporting_currency('product_months.mrr_native', 'rates.rate_to_reporting') }}
        - product_months.mrr as fx_mrr,
        cast(0 as decimal(18, 6)) as closing_mrr
    from product_months
    inner join months on {{ plus_months('product_months.month', 1) }} = months.month
    left join rates
        on
            months.month = rates.month
            and product_months.currency = rates.currency

),

by_product as (

    select
        account_id,
        month,
        product,
        sum(opening_mrr) as opening_mrr,
        sum(fx_mrr) as fx_mrr,
        sum(closing_mrr) as closing_mrr
    from (
        select * from closings
        union all
        select * from openings
    ) as both_ends
    group by account_id, month, product

),

with_account_opening as (

    select
        *,
        sum(opening_mrr) over (partition by account_id, month) as account_opening_mrr
    from by_product

),

-- the product that an account is counted under: its largest when the month opens, or when it closes for an account that
-- arrives; what happens inside the month must not decide where an account is counted that was there before
ranked_products as (

    select
        *,
        row_number() over (
            partition by account_id, month
            order by
                opening_mrr desc,
                case when account_opening_mrr > 0 then 0 else closing_mrr end desc,
                product asc
        ) as product_rank
    from with_account_opening

),

-- credits may exceed what an account pays for a while; it then counts as paying nothing, never as negative revenue
by_account as (

    select
        account_id,
        month,
        max(case when product_rank = 1 then product end) as product,
        cast(greatest(sum(opening_mrr), 0) as decimal(18, 6)) as opening_mrr,
        cast(greatest(sum(closing_mrr), 0) as decimal(18, 6)) as closing_mrr,
        cast(sum(fx_mrr) as decimal(18, 6)) as fx_mrr
    from ranked_products
    group by account_id, month
    having sum(opening_mrr) > 0 or sum(closing_mrr) > 0

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
        first_months.first_mrr_month,
        by_account.product,
        coalesce(account_versions.segment, 'unknown') as segment,
        coalesce(account_versions.region, 'unknown') as region,
        coalesce(account_versions.support_plan, 'unknown') as support_plan,
        coalesce(account_versions.customer_type, 'unknown') as customer_type
    from by_account
    inner join months on by_account.month = months.month
    inner join first_months on by_account.account_id = first_months.account_id
    left join account_versions
        on
            by_account.account_id = account_versions.account_id
            and account_versions.valid_from < cast(by_account.month as timestamp)
            and account_versions.valid_to >= cast(by_account.month as timestamp)

)

select * from final
