{{ config(meta={'dagster': {'ref': {'name': 'retention_monthly'}}}) }}

-- Whatever dimension retention (of accounts and of groups), churn and renewals are cut by, its values add up to the
-- total of the month.
with measures as (

    select
        'retention' as mart,
        month,
        window_months,
        dimension,
        sum(starting_accounts) as first_count,
        sum(retained_accounts) as second_count,
        sum(starting_mrr) as first_amount,
        sum(gross_retained_mrr) as second_amount,
        sum(net_retained_mrr) as third_amount
    from {{ ref('retention_monthly') }}
    group by month, window_months, dimension

    union all

    select
        'churn' as mart,
        month,
        0 as window_months,
        dimension,
        sum(starting_accounts) as first_count,
        sum(churned_accounts) as second_count,
        sum(starting_mrr) as first_amount,
        sum(churned_mrr + contraction_mrr) as second_amount,
        sum(expansion_mrr + reactivation_mrr) as third_amount
    from {{ ref('churn_monthly') }}
    group by month, dimension

    union all

    select
        'renewals' as mart,
        month,
        0 as window_months,
        dimension,
        sum(due_count + pending_count) as first_count,
        sum(renewed_count) as second_count,
        sum(due_arr) as first_amount,
        sum(gross_renewed_arr) as second_amount,
        sum(net_renewed_arr) as third_amount
    from {{ ref('renewal_rates_monthly') }}
    group by month, dimension

    union all

    select
        'parents' as mart,
        month,
        window_months,
        dimension,
        sum(starting_parents) as first_count,
        sum(retained_parents) as second_count,
        sum(starting_mrr) as first_amount,
        sum(gross_retained_mrr) as second_amount,
        sum(net_retained_mrr) as third_amount
    from {{ ref('parent_retention_monthly') }}
    group by month, window_months, dimension

),

dimensions as (

    select distinct dimension
    from measures

),

-- every dimension is expected in every month that has a total, so a missing one fails as well
expected as (

    select
        measures.mart,
        measures.month,
        measures.window_months,
        dimensions.dimension,
        measures.first_count,
        measures.second_count,
        measures.first_amount,
        measures.second_amount,
        measures.third_amount
    from measures
    cross join dimensions
    where measures.dimension = 'all'

)

select
    expected.mart,
    expected.month,
    expected.window_months,
    expected.dimension
from expected
left join measures
    on
        expected.mart = measures.mart
        and expected.month = measures.month
        and expected.window_months = measures.window_months
        and expected.dimension = measures.dimension
where
    measures.month is null
    or measures.first_count <> expected.first_count
    or measures.second_count <> expected.second_count
    or measures.first_amount <> expected.first_amount
    or measures.second_amount <> expected.second_amount
    or measures.third_amount <> expected.third_amount
