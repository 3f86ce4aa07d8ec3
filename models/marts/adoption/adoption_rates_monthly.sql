with account_months as (

    select * from {{ ref('product_adoption_monthly') }}

),

-- what nobody knows is in no sum, so that these are null in months before usage was recorded; utilisation is of those
-- whose seats and people are both known
counted as (

    select
        product,
        month,
        is_complete,
        is_usage_known,
        sum(case when is_entitled then 1 else 0 end) as entitled_accounts,
        sum(case when is_usage_known then case when is_entitled and active_days > 0 then 1 else 0 end end)
            as using_accounts,
        sum(case when is_usage_known then case when is_adopted then 1 else 0 end end) as adopting_accounts,
        sum(case when is_first_month then 1 else 0 end) as new_accounts,
        sum(case when not is_entitled and is_trial then 1 else 0 end) as trial_accounts,
        sum(case when not is_entitled and not is_trial then 1 else 0 end) as unentitled_accounts,
        sum(case when unused_seats is not null then licensed_seats end) as licensed_seats,
        sum(case when unused_seats is not null then active_users end) as seated_active_users,
        sum(unused_seats) as unused_seats,
        sum(case when is_entitled then closing_mrr else 0 end) as entitled_mrr,
        sum(case when is_usage_known then case when is_adopted then closing_mrr else 0 end end) as adopted_mrr
    from account_months
    group by product, month, is_complete, is_usage_known

),

final as (

    select
        product,
        month,
        is_complete,
        is_usage_known,
        cast(entitled_accounts as bigint) as entitled_accounts,
        cast(using_accounts as bigint) as using_accounts,
        cast(adopting_accounts as bigint) as adopting_accounts,
        {{ exact_rate('adopting_accounts', 'entitled_accounts') }} as adoption_rate,
        cast(new_accounts as bigint) as new_accounts,
        cast(trial_accounts as bigint) as trial_accounts,
        cast(unentitled_accounts as bigint) as unentitled_accounts,
        cast(licensed_seats as bigint) as licensed_seats,
        cast(seated_active_users as bigint) as seated_active_users,
        cast(unused_seats as bigint) as unused_seats,
        {{ exact_rate('seated_active_users', 'licensed_seats') }} as seat_utilisation,
        cast(entitled_mrr as decimal(38, 6)) as entitled_mrr,
        cast(adopted_mrr as decimal(38, 6)) as adopted_mrr,
        {{ exact_rate('adopted_mrr', 'entitled_mrr') }} as adopted_mrr_share
    from counted

)

select * from final
