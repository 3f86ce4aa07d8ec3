{{ config(meta={'dagster': {'ref': {'name': 'agent_performance_monthly'}}}) }}

-- No case is credited to two agents: those of a month have solved no more cases than were solved in it.
with solved as (

    select
        {{ first_of_month(reporting_day('last_solved_at')) }} as month,
        count(*) as cases
    from {{ ref('fct_cases') }}
    where
        last_solved_at is not null
        and not is_deleted
        and not is_merged
    group by {{ first_of_month(reporting_day('last_solved_at')) }}

),

credited as (

    select
        month,
        sum(cases_solved) as cases
    from {{ ref('agent_performance_monthly') }}
    group by month

)

select
    credited.month,
    credited.cases as credited_cases,
    solved.cases as solved_cases
from credited
left join solved on credited.month = solved.month
where credited.cases > coalesce(solved.cases, 0)
