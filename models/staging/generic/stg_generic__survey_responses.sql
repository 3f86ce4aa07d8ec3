with versions as (

    select * from {{ ref('stg_generic__survey_response_versions') }}

),

known as (

    select
        response_id,
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
        comment,
        updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from versions
    where {{ is_known_version() }}

)

select * from known
