with cases as (

    select
        coalesce(product, 'unknown') as product,
        coalesce(topic, 'unknown') as topic,
        case_type,
        account_id,
        created_at,
        is_open
    from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
        and case_type in ('bug', 'feature_request', 'known_limitation')

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

issues as (

    select
        product,
        topic,
        case_type,
        count(*) as cases,
        sum(case when is_open then 1 else 0 end) as open_cases,
        min(created_at) as first_seen_at,
        max(created_at) as last_seen_at
    from cases
    group by product, topic, case_type

),

-- an account that reports an issue ten times pays once
affected as (

    select distinct
        product,
        topic,
        case_type,
        account_id
    from cases
    where account_id is not null

),

affected_sums as (

    select
        affected.product,
        affected.topic,
        affected.case_type,
        count(*) as affected_accounts,
        sum(accounts.current_mrr) as affected_mrr
    from affected
    left join accounts on affected.account_id = accounts.account_id
    group by affected.product, affected.topic, affected.case_type

),

joined as (

    select
        issues.product,
        issues.topic,
        issues.case_type,
        issues.cases,
        issues.open_cases,
        coalesce(affected_sums.affected_accounts, 0) as affected_accounts,
        coalesce(affected_sums.affected_mrr, 0) as affected_mrr,
        issues.first_seen_at,
        issues.last_seen_at
    from issues
    left join affected_sums
        on
            issues.product = affected_sums.product
            and issues.topic = affected_sums.topic
            and issues.case_type = affected_sums.case_type

),

-- the last ones only settle ties, so that a rank is given once and the same on every day
final as (

    select
        product,
        topic,
        case_type,
        cast(cases as bigint) as cases,
        cast(open_cases as bigint) as open_cases,
        cast(affected_accounts as bigint) as affected_accounts,
        cast(affected_mrr as decimal(38, 6)) as affected_mrr,
        first_seen_at,
        last_seen_at,
        cast(row_number() over (
            order by affected_accounts desc, affected_mrr desc, cases desc, product asc, topic asc, case_type asc
        ) as bigint) as rank
    from joined

)

select * from final
