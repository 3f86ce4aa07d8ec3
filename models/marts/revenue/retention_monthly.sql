with breakdown as (

    select * from {{ ref('retention_breakdown_monthly') }}

),

counted as (

    {{ by_dimension(
        'breakdown',
        keys=['month', 'window_months', 'is_complete'],
        measures=[
            'sum(starting_accounts) as starting_accounts',
            'sum(retained_accounts) as retained_accounts',
            'sum(starting_mrr) as starting_mrr',
            'sum(gross_retained_mrr) as gross_retained_mrr',
            'sum(net_retained_mrr) as net_retained_mrr',
        ]
    ) }}

),

final as (

    select
        month,
        window_months,
        dimension,
        dimension_value,
        is_complete,
        cast(starting_accounts as bigint) as starting_accounts,
        cast(retained_accounts as bigint) as retained_accounts,
        cast(starting_mrr as decimal(38, 6)) as starting_mrr,
        cast(gross_retained_mrr as decimal(38, 6)) as gross_retained_mrr,
        cast(net_retained_mrr as decimal(38, 6)) as net_retained_mrr,
        {{ exact_rate('retained_accounts', 'starting_accounts') }} as logo_retention_rate,
        {{ exact_rate('gross_retained_mrr', 'starting_mrr') }} as gross_revenue_retention,
        {{ exact_rate('net_retained_mrr', 'starting_mrr') }} as net_revenue_retention
    from counted

)

select * from final
