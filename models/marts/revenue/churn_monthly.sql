with movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

-- accounts that are new in the month neither start in it nor leave a mark on churn
without_arrivals as (

    select * from movements
    where movement <> 'new'

),

counted as (

    {{ by_dimension(
        'without_arrivals',
        keys=['month', 'is_complete'],
        measures=[
            'sum(case when opening_mrr > 0 then 1 else 0 end) as starting_accounts',
            "sum(case when movement = 'churn' then 1 else 0 end) as churned_accounts",
            'sum(opening_mrr) as starting_mrr',
            'sum(churned_mrr) as churned_mrr',
            'sum(contraction_mrr) as contraction_mrr',
            'sum(expansion_mrr) as expansion_mrr',
            'sum(reactivation_mrr) as reactivation_mrr',
        ]
    ) }}

),

final as (

    select
        month,
        dimension,
        dimension_value,
        is_complete,
        cast(starting_accounts as bigint) as starting_accounts,
        cast(churned_accounts as bigint) as churned_accounts,
        cast(starting_mrr as decimal(38, 6)) as starting_mrr,
        cast(churned_mrr as decimal(38, 6)) as churned_mrr,
        cast(contraction_mrr as decimal(38, 6)) as contraction_mrr,
        cast(expansion_mrr as decimal(38, 6)) as expansion_mrr,
        cast(reactivation_mrr as decimal(38, 6)) as reactivation_mrr,
        {{ exact_rate('churned_accounts', 'starting_accounts') }} as logo_churn_rate,
        {{ exact_rate('churned_mrr + contraction_mrr', 'starting_mrr') }} as gross_mrr_churn_rate,
        {{ exact_rate('churned_mrr + contraction_mrr - expansion_mrr - reactivation_mrr', 'starting_mrr') }}
            as net_mrr_churn_rate
    from counted

)

select * from final
