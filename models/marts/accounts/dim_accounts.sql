with

-- An account that was created and became known after the as-of date was not there yet.
accounts as (
    select * from {{ ref('int_accounts') }}
    where
        not is_deleted
        and not coalesce(created_at >= {{ as_of_end() }} and first_known_at >= {{ as_of_end() }}, false)
),

terms as (
    select * from {{ ref('int_subscription_terms') }}
),

mrr_movements as (
    select * from {{ ref('fct_mrr_movements') }}
),

account_groups as (
    select * from {{ ref('int_account_groups') }}
),

subscription_dates as (
    select
        account_id,
        min(service_start_date) as first_subscription_date,
        min(case when mrr_native > 0 then service_start_date end) as customer_since
    from terms
    where
        is_current
        and service_start_date <= {{ as_of_date() }}
        and (service_end_date is null or service_end_date > service_start_date)
    group by account_id
),

current_mrr as (
    select
        account_id,
        closing_mrr
    from mrr_movements
    where month = cast('{{ as_of_day().replace(day=1).isoformat() }}' as date)
),

described as (
    select
        accounts.account_id,
        accounts.account_name,
        accounts.parent_account_id,
        coalesce(account_groups.ultimate_parent_account_id, accounts.account_id) as ultimate_parent_account_id,
        accounts.customer_type,
        accounts.segment,
        accounts.industry,
        accounts.region,
        accounts.country,
        accounts.owner_id,
        accounts.support_plan,
        accounts.service_process,
        subscription_dates.first_subscription_date,
        subscription_dates.customer_since,
        cast(coalesce(current_mrr.closing_mrr, 0) as decimal(18, 6)) as current_mrr,
        coalesce(current_mrr.closing_mrr, 0) > 0 as is_active,
        accounts.source
    from accounts
    left join account_groups
        on accounts.account_id = account_groups.account_id
    left join subscription_dates
        on accounts.account_id = subscription_dates.account_id
    left join current_mrr
        on accounts.account_id = current_mrr.account_id
)

select * from described
