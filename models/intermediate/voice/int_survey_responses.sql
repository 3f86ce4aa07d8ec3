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
        known_at,
        coalesce(responded_at >= {{ as_of_end() }}, false) as is_answered_later
    from response_versions
    where
        {{ is_known_version() }}
        and coalesce(least(sent_at, responded_at), cast('1900-01-01 00:00:00' as timestamp)) < {{ as_of_end() }}
),

-- What had been asked by the as-of date and was answered after it is an invitation without an answer.
as_known as (
    select
        response_id,
        source,
        survey_type,
        account_id,
        contact_id,
        case_id,
        agent_id,
        sent_at,
        case when not is_answered_later then responded_at end as responded_at,
        case when not is_answered_later then score end as score,
        scale_min,
        scale_max,
        high_is_good,
        case when not is_answered_later then normalised_score end as normalised_score,
        is_valid and not is_answered_later as is_valid,
        case when is_answered_later then 'not answered' else invalid_reason end as invalid_reason,
        case when not is_answered_later then comment end as comment,
        known_at
    from current_responses
)

select * from as_known
