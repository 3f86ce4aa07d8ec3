{{ config(meta={'dagster': {'ref': {'name': 'fct_churn'}}}) }}

-- Month by month, the accounts and MRR in fct_churn are those that the movements call churned, apart from accounts that
-- came and went between two month ends; and churn_monthly counts the same.
with churn as (

    select
        {{ first_of_month('churned_on') }} as month,
        sum(case when is_seen_at_month_end then 1 else 0 end) as churned_accounts,
        sum(case when is_seen_at_month_end then churned_mrr else 0 end) as churned_mrr
    from {{ ref('fct_churn') }}
    group by {{ first_of_month('churned_on') }}

),

movements as (

    select
        month,
        sum(case when movement = 'churn' then 1 else 0 end) as churned_accounts,
        sum(churned_mrr) as churned_mrr
    from {{ ref('fct_mrr_movements') }}
    group by month

),

monthly as (

    select
        month,
        churned_accounts,
        churned_mrr
    from {{ ref('churn_monthly') }}
    where dimension = 'all'

),

months as (

    select month from churn

    union distinct

    select month from movements

    union distinct

    select month from monthly

)

select
    months.month,
    churn.churned_accounts,
    movements.churned_accounts as churned_movements,
    monthly.churned_accounts as churned_monthly
from months
left join churn on months.month = churn.month
left join movements on months.month = movements.month
left join monthly on months.month = monthly.month
where
    coalesce(churn.churned_accounts, 0) <> coalesce(movements.churned_accounts, 0)
    or coalesce(churn.churned_mrr, 0) <> coalesce(movements.churned_mrr, 0)
    or coalesce(monthly.churned_accounts, 0) <> coalesce(movements.churned_accounts, 0)
    or coalesce(monthly.churned_mrr, 0) <> coalesce(movements.churned_mrr, 0)
