{{ config(meta={'dagster': {'ref': {'name': 'fct_mrr_movements'}}}) }}

-- A row has exactly the amounts that its movement names, and new happens once, before any other movement.
with movements as (

    select
        *,
        row_number() over (partition by account_id order by month) as row_of_account
    from {{ ref('fct_mrr_movements') }}

)

select
    account_id,
    month,
    movement
from movements
where
    (new_mrr > 0) <> (movement = 'new')
    or (reactivation_mrr > 0) <> (movement = 'reactivation')
    or (expansion_mrr > 0) <> (movement = 'expansion')
    or (contraction_mrr > 0) <> (movement = 'contraction')
    or (churned_mrr > 0) <> (movement = 'churn')
    or (movement = 'new') <> (row_of_account = 1)
    or (movement in ('new', 'reactivation', 'churn', 'none') and fx_mrr <> 0)
