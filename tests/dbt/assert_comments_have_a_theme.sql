{{ config(meta={'dagster': {'ref': {'name': 'feedback_themes_monthly'}}}) }}

-- Every comment is a mention of at least one theme of its month, and of none more than once.
with comments as (

    select
        {{ first_of_month(reporting_day('responded_at')) }} as month,
        survey_type,
        count(*) as comments
    from {{ ref('fct_survey_responses') }}
    where
        comment is not null
        and responded_at is not null
        and coalesce(invalid_reason, '') <> 'preview, test or spam'
    group by {{ first_of_month(reporting_day('responded_at')) }}, survey_type

),

themes as (

    select
        month,
        survey_type,
        sum(mentions) as mentions,
        max(mentions) as most_mentions
    from {{ ref('feedback_themes_monthly') }}
    group by month, survey_type

)

select
    coalesce(comments.month, themes.month) as month,
    coalesce(comments.survey_type, themes.survey_type) as survey_type,
    comments.comments,
    themes.mentions
from comments
full outer join themes
    on
        comments.month = themes.month
        and comments.survey_type = themes.survey_type
where
    comments.comments is null
    or themes.mentions is null
    or themes.mentions < comments.comments
    or themes.most_mentions > comments.comments
