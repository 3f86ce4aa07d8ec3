with

accounts as (
    select * from {{ ref('int_accounts') }}
),

-- A parent that was deleted, never came or was not there yet owns nothing; an account that was deleted itself stays in
-- the group that it was in, or its history would leave the group with it.
owners as (
    select account_id
    from accounts
    where
        not is_deleted
        and not coalesce(created_at >= {{ as_of_end() }} and first_known_at >= {{ as_of_end() }}, false)
),

owned as (
    select
        accounts.account_id,
        owners.account_id as parent_account_id
    from accounts
    left join owners
        on accounts.parent_account_id = owners.account_id
),

{{ ultimate_parents('owned', 'account_id', 'parent_account_id') }},

grouped as (
    select
        account_id,
        ultimate_parent_id as ultimate_parent_account_id
    from ultimate_parents
)

select * from grouped
