{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'stg_qualtrics__responses'}}}) }}
-- Where survey responses have landed, the seed survey_questions names at least one of their columns: otherwise a whole
-- survey says nothing.
with

landed as (
    select count(*) as responses
    from {{ ref('stg_qualtrics__responses') }}
    where answers is not null
),

understood as (
    select count(*) as responses
    from {{ ref('int_survey_responses') }}
    where source = 'qualtrics'
)

select
    landed.responses as landed_responses,
    understood.responses as understood_responses
from landed
cross join understood
where landed.responses > 0 and understood.responses = 0
