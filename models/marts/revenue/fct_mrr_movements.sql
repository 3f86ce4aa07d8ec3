with account_months as (

    select * from {{ ref('int_account_mrr_months') }}

),

-- what is left of the change once exchange rates are taken out is the customer's doing
changes as (

    select
        *,
        closing_mrr - opening_mrr - fx_mrr as change_mrr,
        case
            when opening_mrr = 0 and month = first_mrr_month then 'new'
            when opening_mrr = 0 then 'reactivation'
            when closing_mrr = 0 then 'churn'
            when closing_mrr - opening_mrr - fx_mrr > 0 then 'expansion'
            when closing_mrr - opening_mrr - fx_mrr < 0 then 'contraction'
            when fx_mrr <> 0 then 'fx'
            else 'none'
        end as movement
    from account_months

),

final as (

    select
        account_id,
        month,
        is_complete,
        opening_mrr,
        cast(case when movement = 'new' then closing_mrr else 0 end as decimal(18, 6)) as new_mrr,
        cast(case when movement = 'reactivation' then closing_mrr else 0 end as decimal(18, 6)) as reactivation_mrr,
        cast(case when movement = 'expansion' then change_mrr else 0 end as decimal(18, 6)) as expansion_mrr,
        cast(case when movement = 'contraction' then -change_mrr else 0 end as decimal(18, 6)) as contraction_mrr,
        cast(case when movement = 'churn' then opening_mrr else 0 end as decimal(18, 6)) as churned_mrr,
        cast(fx_mrr as decimal(18, 6)) as fx_mrr,
        closing_mrr,
        movement,
        segment,
        region,
        product,
        support_plan,
        customer_type
    from changes

)

select * from final
