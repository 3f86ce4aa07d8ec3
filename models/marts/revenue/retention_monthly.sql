with account_months as (

    select * from {{ ref('int_account_mrr_months') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

windows as (

    select 1 as window_months

    union all

    select 12 as window_months

),

-- the accounts that pay when a window opens are its cohort: those that come later never count
cohorts as (

    select
        account_months.account_id,
        {{ plus_months('account_months.month', 'windows.window_months - 1') }} as month,
        windows.window_months,
        account_months.opening_mrr as starting_mrr,
        account_months.segment,
        account_months.region,
        account_months.product,
        account_months.support_plan,
        account_months.customer_type
    from account_months
    cross join windows
    where account_months.opening_mrr > 0

),

-- an account that left and came back inside the window counts by its end
outcomes as (

    select
        cohorts.*,
        months.is_complete,
        coalesce(ends.closing_mrr, cast(0 as decimal(18, 6))) as ending_mrr
    from cohorts
    inner join months on cohorts.month = months.month
    left join account_months as ends
        on
            cohorts.account_id = ends.account_id
            and cohorts.month = ends.month

),

counted as (

    {{ by_dimension(
        'outcomes',
        keys=['month', 'window_months', 'is_complete'],
        measures=[
            'count(*) as starting_accounts',
            'sum(case when ending_mrr > 0 then 1 else 0 end) as retained_accounts',
            'sum(starting_mrr) as starting_mrr',
            'sum(least(starting_mrr, ending_mrr)) as gross_retained_mrr',
            'sum(ending_mrr) as net_retained_mrr',
        ]
    ) }}

),

final as (

    select
        month,
        cast(window_months as integer) as window_months,
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
