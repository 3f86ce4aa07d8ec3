{{ config(meta={'dagster': {'ref': {'name': 'topic_trends_weekly'}}}) }}

-- The weeks of all topics hold every case that was not deleted or merged once, and follow each other without a gap.
with weeks as (

    select
        topic,
        sum(cases) as cases,
        count(*) as weeks,
        {{ days_from_to('min(week)', 'max(week)') }} as days
    from {{ ref('topic_trends_weekly') }}
    group by topic

),

cases as (

    select
        coalesce(topic, 'unknown') as topic,
        count(*) as cases
    from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
        and created_at is not null
    group by coalesce(topic, 'unknown')

)

select
    coalesce(weeks.topic, cases.topic) as topic,
    weeks.cases as cases_in_weeks,
    cases.cases
from weeks
full outer join cases on weeks.topic = cases.topic
where
    weeks.topic is null
    or cases.topic is null
    or weeks.cases <> cases.cases
    or weeks.days <> 7 * (weeks.weeks - 1)
