with parent_months as (

    select * from {{ ref('int_parent_mrr_months') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

{{ retention_outcomes('parent_months', 'months', 'ultimate_parent_account_id') }},

counted as (

    {{ by_dimension(
        'retention_outcomes',
        keys=['month', 'window_months', 'is_complete'],
        measures=[
            'count(*) as starting_parents',
            'sum(case when ending_mrr > 0 then 1 else 0 end) as retained_parents',
            'sum(starting_mrr) as starting_mrr',
            'sum(least(starting_mrr, ending_mrr)) as gross_retained_mrr',
            'sum(ending_mrr) as net_retained_mrr',
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
        cast(starting_parents as bigint) as starting_parents,
        cast(retained_parents as bigint) as retained_parents,
        cast(starting_mrr as decimal(38, 6)) as starting_mrr,
        cast(gross_retained_mrr as decimal(38, 6)) as gross_retained_mrr,
        cast(net_retained_mrr as decimal(38, 6)) as net_retained_mrr,
        {{ exact_rate('retained_parents', 'starting_parents') }} as logo_retention_rate,
        {{ exact_rate('gross_retained_mrr', 'starting_mrr') }} as gross_revenue_retention,
        {{ exact_rate('net_retained_mrr', 'starting_mrr') }} as net_revenue_retention
    from counted

)

select * from final
