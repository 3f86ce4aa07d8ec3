{{ config(meta={'dagster': {'ref': {'name': 'parent_retention_monthly'}}}) }}

-- Groups and accounts start a window with the same revenue, and a month's groups retain no less of it than its
-- accounts do, since a loss that a sister makes good is none; they cannot be more than the accounts, nor keep more than
-- there was.
with parents as (

    select * from {{ ref('parent_retention_monthly') }}

),

accounts as (

    select * from {{ ref('retention_monthly') }}

),

totals as (

    select * from parents
    where dimension = 'all'

),

account_totals as (

    select * from accounts
    where dimension = 'all'

),

unlike_accounts as (

    select
        coalesce(totals.month, account_totals.month) as month,
        coalesce(totals.window_months, account_totals.window_months) as window_months
    from totals
    full outer join account_totals
        on
            totals.month = account_totals.month
            and totals.window_months = account_totals.window_months
    where
        totals.month is null
        or account_totals.month is null
        or totals.starting_mrr <> account_totals.starting_mrr
        or totals.gross_retained_mrr < account_totals.gross_retained_mrr
        or totals.net_retained_mrr < account_totals.net_retained_mrr
        or totals.starting_parents > account_totals.starting_accounts

),

inconsistent as (

    select
        month,
        window_months
    from parents
    where
        retained_parents > starting_parents
        or gross_retained_mrr > starting_mrr
        or gross_retained_mrr > net_retained_mrr

),

dimensions_that_do_not_add_up as (

    select
        parents.month,
        parents.window_months
    from parents
    inner join totals
        on
            parents.month = totals.month
            and parents.window_months = totals.window_months
    group by parents.month, parents.window_months, parents.dimension
    having
        sum(parents.starting_parents) <> max(totals.starting_parents)
        or sum(parents.starting_mrr) <> max(totals.starting_mrr)
        or sum(parents.net_retained_mrr) <> max(totals.net_retained_mrr)

)

select * from unlike_accounts

union all

select * from inconsistent

union all

select * from dimensions_that_do_not_add_up
