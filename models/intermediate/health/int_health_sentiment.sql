with

response_versions as (
    select * from {{ ref('int_survey_response_versions') }}
),

health_dates as (
    select * from {{ ref('int_health_dates') }}
),

settings as (
    select
        {{ threshold('health_sentiment_days') }} as sentiment_days,
        {{ threshold('health_sentiment_half_life_days', 'double') }} as half_life_days,
        {{ threshold('health_sentiment_nps_weight', 'decimal(18, 9)') }} as nps_weight,
        {{ threshold('health_sentiment_csat_weight', 'decimal(18, 9)') }} as csat_weight,
        {{ threshold('health_sentiment_ces_weight', 'decimal(18, 9)') }} as ces_weight
),

-- What customers say; agents' own surveys and quality reviews say nothing about an account.
answers as (
    select
        response_versions.account_id,
        response_versions.normalised_score,
        cast(response_versions.responded_at as date) as responded_on,
        {{ plus_days('cast(response_versions.responded_at as date)', 'settings.sentiment_days') }} as leaves_window_on,
        settings.half_life_days,
        case response_versions.survey_type
            when 'nps' then settings.nps_weight
            when 'csat' then settings.csat_weight
            when 'ces' then settings.ces_weight
        end as type_weight,
        coalesce(cast(response_versions.known_at as date), cast('1900-01-01' as date)) as known_on,
        cast(response_versions.valid_from as date) as known_from_on,
        cast(response_versions.valid_to as date) as known_until
    from response_versions
    cross join settings
    where
        response_versions.is_valid
        and response_versions.account_id is not null
        and response_versions.survey_type in ('nps', 'csat', 'ces')
),

answer_dates as (
    select
        answers.account_id,
        health_dates.as_of_date,
        cast(answers.normalised_score as decimal(18, 9)) as score,
        -- Exact terms, so that the sum does not depend on the order of the rows.
        cast(
            cast(answers.type_weight as double)
            * power(
                cast(0.5 as double),
                {{ days_from_to('answers.responded_on', 'health_dates.as_of_date') }} / answers.half_life_days
            ) as decimal(18, 9)
        ) as weight,
        answers.known_on
    from answers
    inner join health_dates
        on
            answers.responded_on <= health_dates.as_of_date
            and answers.leaves_window_on > health_dates.as_of_date
            and answers.known_from_on <= health_dates.as_of_date
            and answers.known_until > health_dates.as_of_date
),

measured as (
    select
        account_id,
        as_of_date,
        cast(sum(cast(cast(weight as double) * cast(score as double) as decimal(18, 9))) as double)
        / nullif(cast(sum(weight) as double), 0) as measure,
        max(known_on) as known_on
    from answer_dates
    group by account_id, as_of_date
)

select * from measured
