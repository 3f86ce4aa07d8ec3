with account_months as (

    select * from {{ ref('int_account_mrr_months') }}

),

{{ classified_movements('account_months') }},

final as (

    select
        account_id,
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
        segment,
        region,
        product,
        support_plan,
        customer_type,
        ultimate_parent_account_id
    from classified_movements

)

select * from final
