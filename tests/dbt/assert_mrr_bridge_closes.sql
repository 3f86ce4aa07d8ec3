{{ config(meta={'dagster': {'ref': {'name': 'fct_mrr_movements'}}}) }}

-- Opening, plus what was won, minus what was lost, plus exchange rates is closing, to the cent, on every row; and each
-- month opens with what the one before closed with, in sum over all accounts.
with movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

rows_that_do_not_close as (

    select
        month,
        account_id as what
    from movements
    where
        abs(
            opening_mrr + new_mrr + reactivation_mrr + expansion_mrr
            - contraction_mrr - churned_mrr + fx_mrr - closing_mrr
        ) >= 0.005

),

totals as (

    select
        month,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr
    from movements
    group by month

),

months_that_do_not_connect as (

    select
        following.month,
        'all accounts' as what
    from totals
    inner join totals as following on {{ plus_months('totals.month', 1) }} = following.month
    where totals.closing_mrr <> following.opening_mrr

)

select * from rows_that_do_not_close

union all

select * from months_that_do_not_connect
