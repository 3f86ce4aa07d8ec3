{{ config(meta={'dagster': {'ref': {'name': 'product_issues'}}}) }}

-- The issues of a case type hold each of its cases once, and ranks run from 1 without a gap.
with issues as (

    select
        case_type,
        sum(cases) as cases
    from {{ ref('product_issues') }}
    group by case_type

),

cases as (

    select
        case_type,
        count(*) as cases
    from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
        and case_type in ('bug', 'feature_request', 'known_limitation')
    group by case_type

),

ranks as (

    select
        count(*) as issues,
        max(rank) as last_rank
    from {{ ref('product_issues') }}

)

select
    coalesce(issues.case_type, cases.case_type) as case_type,
    issues.cases as cases_in_issues,
    cases.cases
from issues
full outer join cases on issues.case_type = cases.case_type
where coalesce(issues.cases, 0) <> coalesce(cases.cases, 0)

union all

select
    'ranks' as case_type,
    last_rank as cases_in_issues,
    issues as cases
from ranks
where last_rank <> issues
