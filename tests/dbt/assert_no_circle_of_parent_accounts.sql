{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'dim_accounts'}}}) }}
-- The chain of an account's parents ends: an account that has a parent we know is not its own top.
select
    children.account_id,
    children.parent_account_id
from {{ ref('dim_accounts') }} as children
inner join {{ ref('dim_accounts') }} as parents
    on children.parent_account_id = parents.account_id
where children.ultimate_parent_account_id = children.account_id
