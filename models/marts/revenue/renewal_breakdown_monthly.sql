with renewals as (

    select * from {{ ref('fct_renewals') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}

),

-- attributes are those known when the month of the due date opened; the product is the contract's own
attributed as (

    select
        months.month,
        months.is_complete,
        renewals.outcome,
        renewals.due_arr,
        renewals.renewed_arr,
        renewals.product,
        coalesce(account_versions.segment, 'unknown') as segment,
        coalesce(account_versions.region, 'unknown') as region,
        coalesce(account_versions.support_plan, 'unknown') as support_plan,
        coalesce(account_versions.customer_type, 'unknown') as customer_type
    from renewals
    inner join months on {{ first_of_month('renewals.due_date') }} = months.month
    left join account_versions
        on
            renewals.account_id = account_versions.account_id
            and account_versions.valid_from < cast(months.month as timestamp)
            and account_versions.valid_to >= cast(months.month as timestamp)

),

-- an open renewal is in neither side of a rate
final as (

    select
        month,
        {{ revenue_dimensions() | join(',\n        ') }},
        is_complete,
        cast(sum(case when outcome <> 'pending' then 1 else 0 end) as bigint) as due_count,
        cast(sum(case when outcome in ('renewed', 'expanded', 'contracted') then 1 else 0 end) as bigint)
            as renewed_count,
        cast(sum(case when outcome = 'pending' then 1 else 0 end) as bigint) as pending_count,
        cast(sum(case when outcome <> 'pending' then due_arr else 0 end) as decimal(38, 6)) as due_arr,
        cast(sum(case when outcome <> 'pending' then least(renewed_arr, due_arr) else 0 end) as decimal(38, 6))
            as gross_renewed_arr,
        cast(sum(case when outcome <> 'pending' then renewed_arr else 0 end) as decimal(38, 6)) as net_renewed_arr
    from attributed
    group by
        month,
        {{ revenue_dimensions() | join(',\n        ') }},
        is_complete

)

select * from final
