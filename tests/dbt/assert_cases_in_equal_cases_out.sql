{{ config(meta={'dagster': {'ref': {'name': 'stg_generic__cases'}}}) }}

-- Every case of every source that was opened by the as-of date is among the cases, once.
with

exported as (
    select
        case_id,
        created_at
    from {{ ref('stg_generic__cases') }}

    union all

    select
        case_id,
        created_at
    from {{ ref('stg_zendesk__tickets') }}
),

known as (
    select case_id
    from exported
    where created_at < {{ as_of_end() }} or created_at is null
)

select
    known.case_id,
    cases.case_id as kept_case_id
from known
full outer join {{ ref('int_cases') }} as cases
    on known.case_id = cases.case_id
where known.case_id is null or cases.case_id is null
