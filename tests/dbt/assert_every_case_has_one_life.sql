{{ config(meta={'dagster': {'ref': {'name': 'fct_cases'}}}) }}

-- fct_cases holds every case there ever was by the as-of date, once: deleted and merged ones too.
select
    cases.case_id,
    fct_cases.case_id as kept_case_id
from {{ ref('int_cases') }} as cases
full outer join {{ ref('fct_cases') }} as fct_cases
    on cases.case_id = fct_cases.case_id
where cases.case_id is null or fct_cases.case_id is null
