with account_months as (

    select * from {{ ref('int_account_mrr_months') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}

),

ranked_accounts as (

    select
        *,
        row_number() over (
            partition by ultimate_parent_account_id, month
            order by opening_mrr desc, closing_mrr desc, account_id asc
        ) as size_rank
    from account_months

),

-- what rates did counts for every account that opens: one that leaves may have handed its contract to a sister
by_parent as (

    select
        ultimate_parent_account_id,
        month,
        is_complete,
        cast(sum(opening_mrr) as decimal(18, 6)) as opening_mrr,
        cast(sum(closing_mrr) as decimal(18, 6)) as closing_mrr,
        cast(sum(opening_fx_mrr) as decimal(18, 6)) as opening_fx_mrr,
        cast(sum(case when opening_mrr > 0 then 1 else 0 end) as bigint) as opening_accounts,
        cast(sum(case when closing_mrr > 0 then 1 else 0 end) as bigint) as closing_accounts,
        max(case when size_rank = 1 then product end) as product
    from ranked_accounts
    group by ultimate_parent_account_id, month, is_complete

),

first_months as (

    select
        ultimate_parent_account_id,
        min(month) as first_mrr_month
    from by_parent
    where closing_mrr > 0
    group by ultimate_parent_account_id

),

-- each account's amount is rounded when it is converted; what that leaves of a contract that only moved is rates too
final as (

    select
        by_parent.ultimate_parent_account_id,
        by_parent.month,
        by_parent.is_complete,
        by_parent.opening_mrr,
        by_parent.closing_mrr,
        case
            when by_parent.opening_mrr = 0 or by_parent.closing_mrr = 0 then cast(0 as decimal(18, 6))
            when
                by_parent.opening_fx_mrr <> 0
                and round(by_parent.closing_mrr - by_parent.opening_mrr - by_parent.opening_fx_mrr, 2) = 0
                then cast(by_parent.closing_mrr - by_parent.opening_mrr as decimal(18, 6))
            else by_parent.opening_fx_mrr
        end as fx_mrr,
        first_months.first_mrr_month,
        by_parent.opening_accounts,
        by_parent.closing_accounts,
        by_parent.product,
        coalesce(account_versions.segment, 'unknown') as segment,
        coalesce(account_versions.region, 'unknown') as region,
        coalesce(account_versions.support_plan, 'unknown') as support_plan,
        coalesce(account_versions.customer_type, 'unknown') as customer_type
    from by_parent
    inner join first_months on by_parent.ultimate_parent_account_id = first_months.ultimate_parent_account_id
    left join account_versions
        on
            by_parent.ultimate_parent_account_id = account_versions.account_id
            and account_versions.valid_from < cast(by_parent.month as timestamp)
            and account_versions.valid_to >= cast(by_parent.month as timestamp)

)

select * from final
