{{ config(meta={'dagster': {'ref': {'name': 'survey_answer_groups'}}}) }}

-- Good answers begin above the bad ones, and both bounds lie on the scale; NPS has its one scale from 0 to 10.
select
    survey_type,
    scale_min,
    scale_max,
    good_from,
    bad_to
from {{ ref('survey_answer_groups') }}
where
    not (scale_min < good_from and good_from <= scale_max and scale_min <= bad_to and bad_to < good_from)
    or (survey_type = 'nps' and not (scale_min = 0 and scale_max = 10))

union all

select
    'nps' as survey_type,
    0 as scale_min,
    10 as scale_max,
    null as good_from,
    null as bad_to
from {{ ref('survey_answer_groups') }}
having count(case when survey_type = 'nps' then 1 end) = 0
