{{ config(meta={'dagster': {'ref': {'name': 'account_360'}}}) }}

-- Every account has one row, with the revenue that dim_accounts and the newest month of the movements give it, and no
-- other account has one.
with

counted as (
    select
        account_id,
        count(*) as view_rows,
        sum(current_mrr) as current_mrr
    from {{ ref('account_360') }}
    group by account_id
),

closing as (
    select
        account_id,
        closing_mrr
    from {{ ref('fct_mrr_movements') }}
    where month = {{ first_of_month(as_of_date()) }}
)

select
    accounts.account_id,
    counted.account_id as view_account_id,
    counted.view_rows,
    counted.current_mrr,
    accounts.current_mrr as account_mrr,
    closing.closing_mrr
from {{ ref('dim_accounts') }} as accounts
full outer join counted
    on accounts.account_id = counted.account_id
left join closing
    on accounts.account_id = closing.account_id
where
    accounts.account_id is null
    or counted.account_id is null
    or counted.view_rows <> 1
    or counted.current_mrr <> accounts.current_mrr
    or counted.current_mrr <> coalesce(closing.closing_mrr, 0)
