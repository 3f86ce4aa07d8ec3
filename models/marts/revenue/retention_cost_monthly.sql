with months as (

    select * from {{ ref('int_revenue_months') }}

),

retention as (

    select * from {{ ref('retention_monthly') }}
    where
        window_months = 1
        and dimension = 'all'

),

cost_centres as (

    select * from {{ ref('cost_centres') }}

),

cost_categories as (

    select * from {{ ref('cost_categories') }}

),

-- a month whose costs are not known has no row here, which is not the same as a month that cost nothing
costs as (

    select
        cost_centres.month,
        sum(cost_centres.amount) as retention_cost
    from cost_centres
    inner join cost_categories on cost_centres.category = cost_categories.category
    where cost_categories.is_retention_cost
    group by cost_centres.month

),

final as (

    select
        months.month,
        months.is_complete,
        cast(costs.retention_cost as decimal(18, 6)) as retention_cost,
        cast(coalesce(retention.retained_accounts, 0) as bigint) as retained_accounts,
        cast(coalesce(retention.net_retained_mrr, 0) as decimal(38, 6)) as retained_mrr,
        {{ exact_rate('costs.retention_cost', 'retention.retained_accounts') }} as cost_per_retained_account,
        {{ exact_rate('costs.retention_cost', 'retention.net_retained_mrr') }} as cost_share_of_retained_mrr
    from months
    left join retention on months.month = retention.month
    left join costs on months.month = costs.month

)

select * from final
