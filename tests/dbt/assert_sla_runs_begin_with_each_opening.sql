{{ config(meta={'dagster': {'ref': {'name': 'int_case_sla_runs'}}}) }}

-- Every case that was ever in the system waits for a first reply once, from its creation, and for its resolution once
-- from the creation and once from each reopening (fct_cases.reopen_count; of cases that were never deleted).
with runs as (

    select
        case_id,
        count(case when metric = 'resolution' then 1 end) as resolution_runs,
        count(case when metric = 'first_reply' then 1 end) as first_reply_runs,
        min(starts_at) as first_starts_at
    from {{ ref('int_case_sla_runs') }}
    group by case_id

),

openings as (

    select
        case_id,
        count(distinct case when transition in ('created', 'reopened') then occurred_at end) as openings,
        max(case when transition = 'deleted' then 1 else 0 end) = 1 as was_deleted
    from {{ ref('int_case_transitions') }}
    group by case_id

),

spans as (

    select distinct case_id
    from {{ ref('int_case_status_spans') }}

)

select cases.case_id
from {{ ref('fct_cases') }} as cases
inner join spans on cases.case_id = spans.case_id
left join runs on cases.case_id = runs.case_id
left join openings on cases.case_id = openings.case_id
where
    coalesce(runs.first_reply_runs, 0) <> 1
    or runs.first_starts_at <> cases.created_at
    or (not openings.was_deleted and runs.resolution_runs <> openings.openings)
