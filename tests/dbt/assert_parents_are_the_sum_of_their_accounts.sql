{{ config(meta={'dagster': {'ref': {'name': 'fct_parent_mrr_movements'}}}) }}

-- Each group opens and closes with what its accounts open and close with, exactly, and has no row without one of them.
with movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

parent_movements as (

    select * from {{ ref('fct_parent_mrr_movements') }}

),

sums as (

    select
        ultimate_parent_account_id,
        month,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr,
        sum(case when opening_mrr > 0 then 1 else 0 end) as opening_accounts,
        sum(case when closing_mrr > 0 then 1 else 0 end) as closing_accounts
    from movements
    group by ultimate_parent_account_id, month

)

select
    coalesce(sums.ultimate_parent_account_id, parent_movements.ultimate_parent_account_id)
        as ultimate_parent_account_id,
    coalesce(sums.month, parent_movements.month) as month
from sums
full outer join parent_movements
    on
        sums.ultimate_parent_account_id = parent_movements.ultimate_parent_account_id
        and sums.month = parent_movements.month
where
    sums.month is null
    or parent_movements.month is null
    or sums.opening_mrr <> parent_movements.opening_mrr
    or sums.closing_mrr <> parent_movements.closing_mrr
    or sums.opening_accounts <> parent_movements.opening_accounts
    or sums.closing_accounts <> parent_movements.closing_accounts
