with parent_months as (

    select * from {{ ref('int_parent_mrr_months') }}

),

{{ classified_movements('parent_months') }},

final as (

    select
        ultimate_parent_account_id,
        month,
        is_complete,
        opening_mrr,
        new_mrr,
        reactivation_mrr,
        expansion_mrr,
        contraction_mrr,
        churned_mrr,
        fx_mrr,
        closing_mrr,
        movement,
        opening_accounts,
        closing_accounts,
        segment,
        region,
        product,
        support_plan,
        customer_type
    from classified_movements

)

select * from final
