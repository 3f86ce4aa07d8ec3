{{ config(meta={'dagster': {'ref': {'name': 'fct_parent_mrr_movements'}}}) }}

-- For each group, opening plus what was won, minus what was lost, plus exchange rates is closing, to the cent; a month
-- opens with what the group closed the one before with; new happens once, before anything else; and a group of a single
-- account moves as the account does.
with parent_movements as (

    select
        *,
        row_number() over (partition by ultimate_parent_account_id order by month) as row_of_parent
    from {{ ref('fct_parent_mrr_movements') }}

),

movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

rows_that_do_not_close as (

    select
        ultimate_parent_account_id,
        month,
        'does not close' as what
    from parent_movements
    where
        abs(
            opening_mrr + new_mrr + reactivation_mrr + expansion_mrr
            - contraction_mrr - churned_mrr + fx_mrr - closing_mrr
        ) >= 0.005
        or (movement = 'new') <> (row_of_parent = 1)

),

months_that_do_not_connect as (

    select
        following.ultimate_parent_account_id,
        following.month,
        'does not connect' as what
    from parent_movements as following
    left join parent_movements as earlier
        on
            following.ultimate_parent_account_id = earlier.ultimate_parent_account_id
            and {{ plus_months('earlier.month', 1) }} = following.month
    where coalesce(earlier.closing_mrr, 0) <> following.opening_mrr

),

-- groups in which no second account ever paid
single_accounts as (

    select ultimate_parent_account_id
    from movements
    group by ultimate_parent_account_id
    having count(distinct account_id) = 1

),

singles_that_differ as (

    select
        parent_movements.ultimate_parent_account_id,
        parent_movements.month,
        'differs from its only account' as what
    from parent_movements
    inner join single_accounts
        on parent_movements.ultimate_parent_account_id = single_accounts.ultimate_parent_account_id
    inner join movements
        on
            parent_movements.ultimate_parent_account_id = movements.ultimate_parent_account_id
            and parent_movements.month = movements.month
    where
        parent_movements.movement <> movements.movement
        -- a cent of rounding may be told as exchange rates in a group
        and abs(movements.closing_mrr - movements.opening_mrr - movements.fx_mrr) >= 0.005

)

select * from rows_that_do_not_close

union all

select * from months_that_do_not_connect

union all

select * from singles_that_differ
