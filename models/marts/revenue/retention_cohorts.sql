with account_months as (

    select * from {{ ref('int_account_mrr_months') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

cohort_members as (

    select
        account_id,
        month as cohort_month,
        closing_mrr as cohort_mrr
    from account_months
    where month = first_mrr_month

),

cohorts as (

    select
        cohort_month,
        count(*) as cohort_accounts,
        sum(cohort_mrr) as cohort_mrr
    from cohort_members
    group by cohort_month

),

survivors as (

    select
        cohort_members.cohort_month,
        account_months.month,
        count(*) as retained_accounts,
        sum(least(cohort_members.cohort_mrr, account_months.closing_mrr)) as gross_retained_mrr,
        sum(account_months.closing_mrr) as net_retained_mrr
    from cohort_members
    inner join account_months on cohort_members.account_id = account_months.account_id
    where account_months.closing_mrr > 0
    group by cohort_members.cohort_month, account_months.month

),

-- a cohort that has died out keeps its rows, with nobody in them
final as (

    select
        cohorts.cohort_month,
        {{ month_number('months.month') }} - {{ month_number('cohorts.cohort_month') }} as months_since_start,
        months.month,
        months.is_complete,
        cast(cohorts.cohort_accounts as bigint) as cohort_accounts,
        cast(coalesce(survivors.retained_accounts, 0) as bigint) as retained_accounts,
        cast(cohorts.cohort_mrr as decimal(38, 6)) as cohort_mrr,
        cast(coalesce(survivors.gross_retained_mrr, 0) as decimal(38, 6)) as gross_retained_mrr,
        cast(coalesce(survivors.net_retained_mrr, 0) as decimal(38, 6)) as net_retained_mrr,
        {{ exact_rate('coalesce(survivors.retained_accounts, 0)', 'cohorts.cohort_accounts') }} as logo_retention_rate,
        {{ exact_rate('coalesce(survivors.gross_retained_mrr, 0)', 'cohorts.cohort_mrr') }} as gross_revenue_retention,
        {{ exact_rate('coalesce(survivors.net_retained_mrr, 0)', 'cohorts.cohort_mrr') }} as net_revenue_retention
    from cohorts
    inner join months on cohorts.cohort_month <= months.month
    left join survivors
        on
            cohorts.cohort_month = survivors.cohort_month
            and months.month = survivors.month

)

select * from final
