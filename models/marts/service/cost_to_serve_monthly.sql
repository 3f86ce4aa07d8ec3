with cases as (

    select
        account_id,
        case_cost,
        {{ first_of_month(reporting_day('created_at')) }} as month
    from {{ ref('fct_cases') }}
    where
        account_id is not null
        and created_at is not null
        and not is_deleted
        and not is_merged

),

movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

costs as (

    select
        account_id,
        month,
        count(*) as cases,
        sum(case_cost) as case_cost
    from cases
    group by account_id, month

),

final as (

    select
        costs.account_id,
        costs.month,
        {{ is_reporting_month_complete('costs.month') }} as is_complete,
        cast(costs.cases as bigint) as cases,
        cast(costs.case_cost as decimal(38, 6)) as case_cost,
        movements.closing_mrr,
        {{ exact_rate('costs.case_cost', 'movements.closing_mrr') }} as cost_share_of_mrr
    from costs
    left join movements
        on
            costs.account_id = movements.account_id
            and costs.month = movements.month

)

select * from final
