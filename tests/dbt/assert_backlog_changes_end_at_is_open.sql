{{ config(meta={'dagster': {'ref': {'name': 'int_case_transitions'}}}) }}

-- Summed up in order, the backlog changes of a case are 1 while it is open and 0 otherwise, and end at is_open.
with

running as (
    select
        case_id,
        sequence,
        sum(backlog_change) over (
            partition by case_id order by sequence asc rows between unbounded preceding and current row
        ) as backlog
    from {{ ref('int_case_transitions') }}
),

ends as (
    select
        case_id,
        sum(backlog_change) as backlog
    from {{ ref('int_case_transitions') }}
    group by case_id
)

select
    case_id,
    backlog
from running
where backlog not in (0, 1)

union all

select
    cases.case_id,
    ends.backlog
from {{ ref('fct_cases') }} as cases
left join ends
    on cases.case_id = ends.case_id
where coalesce(ends.backlog, 0) <> case when cases.is_open then 1 else 0 end
