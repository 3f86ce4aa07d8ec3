with

response_versions as (
    select * from {{ ref('int_survey_response_versions') }}
),

current_responses as (
    select
        response_id,
        source,
        survey_type,
        account_id,
        contact_id,
        case_id,
        agent_id,
        sent_at,
        responded_at,
        score,
        scale_min,
        scale_max,
        high_is_good,
        normalised_score,
        is_valid,
        invalid_reason,
        comment,
        known_at
    from response_versions
    where
        {{ is_known_version() }}
        and coalesce(responded_at, sent_at, cast('1900-01-01 00:00:00' as timestamp)) < {{ as_of_end() }}
)

select * from current_responses
