{{ config(meta={'dagster': {'ref': {'name': 'int_case_status_spans'}}}) }}

-- The status spans of a case follow each other without overlap, and those of a case that was never deleted nor merged
-- cover its life from its creation to the end of the as-of date without a gap.
with

outages as (
    select distinct case_id
    from {{ ref('int_case_transitions') }}
    where transition = 'deleted'
),

spans as (
    select
        spans.case_id,
        spans.starts_at,
        spans.ends_at,
        cases.created_at,
        coalesce(cases.is_merged or outages.case_id is not null, false) as may_have_gaps,
        lag(spans.ends_at) over (partition by spans.case_id order by spans.starts_at asc) as earlier_ends_at,
        lead(spans.starts_at) over (partition by spans.case_id order by spans.starts_at asc) as later_starts_at
    from {{ ref('int_case_status_spans') }} as spans
    inner join {{ ref('fct_cases') }} as cases
        on spans.case_id = cases.case_id
    left join outages
        on spans.case_id = outages.case_id
)

select
    case_id,
    starts_at,
    ends_at
from spans
where
    starts_at >= ends_at
    or starts_at < coalesce(earlier_ends_at, created_at)
    or (not may_have_gaps and starts_at > coalesce(earlier_ends_at, created_at))
    or (not may_have_gaps and later_starts_at is null and ends_at <> {{ as_of_end() }})

union all

select
    cases.case_id,
    cases.created_at as starts_at,
    cast(null as timestamp) as ends_at
from {{ ref('fct_cases') }} as cases
left join spans
    on cases.case_id = spans.case_id
where
    spans.case_id is null
    and cases.created_at is not null
    and not cases.is_deleted
    and not cases.is_merged
