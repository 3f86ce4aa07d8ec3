with responses as (

    select * from {{ ref('fct_survey_responses') }}
    where
        comment is not null
        and responded_at is not null
        and coalesce(invalid_reason, '') <> 'preview, test or spam'

),

themes as (

    select * from {{ ref('feedback_themes') }}

),

-- a comment without a score, or with one that does not count, still says something
comments as (

    select
        response_id,
        survey_type,
        account_id,
        normalised_score,
        comment,
        {{ searchable_text('comment') }} as searchable,
        {{ first_of_month(reporting_day('responded_at')) }} as month
    from responses

),

patterns as (

    select
        theme,
        {{ searched_for('pattern') }} as searched_for
    from themes
    -- an empty text is found everywhere; assert_feedback_themes_usable names its row
    where trim({{ searched_for('pattern') }}) <> ''

),

-- people say the same in the same words often enough that each wording is looked at once
wordings as (

    select distinct searchable
    from comments

),

-- several words of a theme in one comment are one mention
wording_themes as (

    select distinct
        wordings.searchable,
        patterns.theme
    from wordings
    inner join patterns on {{ dbt.position('patterns.searched_for', 'wordings.searchable') }} > 0

),

mentions as (

    select
        comments.*,
        coalesce(wording_themes.theme, 'other') as theme
    from comments
    left join wording_themes on comments.searchable = wording_themes.searchable

),

ranked as (

    select
        *,
        row_number() over (
            partition by month, survey_type, theme
            order by response_id asc
        ) as mention_number
    from mentions

),

counted as (

    select
        month,
        survey_type,
        theme,
        count(*) as mentions,
        count(distinct account_id) as accounts,
        count(normalised_score) as scored_mentions,
        sum(normalised_score) as normalised_score_sum,
        max(case when mention_number = 1 then response_id end) as sample_response_id,
        max(case when mention_number = 1 then comment end) as sample_comment
    from ranked
    group by month, survey_type, theme

),

final as (

    select
        month,
        survey_type,
        theme,
        {{ is_reporting_month_complete('month') }} as is_complete,
        cast(mentions as bigint) as mentions,
        cast(accounts as bigint) as accounts,
        cast(scored_mentions as bigint) as scored_mentions,
        cast(coalesce(normalised_score_sum, 0) as decimal(38, 6)) as normalised_score_sum,
        {{ exact_rate('normalised_score_sum', 'scored_mentions') }} as mean_normalised_score,
        sample_response_id,
        sample_comment
    from counted

)

select * from final
