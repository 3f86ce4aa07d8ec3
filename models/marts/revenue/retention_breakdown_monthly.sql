with account_months as (

    select * from {{ ref('int_account_mrr_months') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

{{ retention_outcomes('account_months', 'months', 'account_id') }},

final as (

    select
        month,
        window_months,
        {{ revenue_dimensions() | join(',\n        ') }},
        is_complete,
        cast(count(*) as bigint) as starting_accounts,
        cast(sum(case when ending_mrr > 0 then 1 else 0 end) as bigint) as retained_accounts,
        cast(sum(starting_mrr) as decimal(38, 6)) as starting_mrr,
        cast(sum(least(starting_mrr, ending_mrr)) as decimal(38, 6)) as gross_retained_mrr,
        cast(sum(ending_mrr) as decimal(38, 6)) as net_retained_mrr
    from retention_outcomes
    group by
        month,
        window_months,
        {{ revenue_dimensions() | join(',\n        ') }},
        is_complete

)

select * from final
