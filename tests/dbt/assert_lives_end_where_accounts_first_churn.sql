{{ config(meta={'dagster': {'ref': {'name': 'fct_churn'}}}) }}

-- A customer's life ends on the day of its first churn, with the tenure that the churn states; who has none is alive.
-- Lives that ended before the extracts begin are not in view.
with first_churn as (

    select
        account_id,
        min(churned_on) as churned_on,
        min(tenure_months) as tenure_months
    from {{ ref('fct_churn') }}
    group by account_id

)

select
    lives.account_id,
    lives.ended_on,
    first_churn.churned_on,
    lives.tenure_months
from {{ ref('int_customer_lives') }} as lives
left join first_churn on lives.account_id = first_churn.account_id
where
    coalesce(lives.ended_on, cast('9999-12-31' as date)) <> coalesce(first_churn.churned_on, cast('9999-12-31' as date))
    or (lives.is_churned and lives.tenure_months <> first_churn.tenure_months)
