with versions as (

    select * from {{ ref('stg_zendesk__satisfaction_rating_versions') }}

),

known as (

    select
        rating_id,
        case_id,
        requester_id,
        assignee_id,
        score,
        comment,
        created_at,
        updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from versions
    where {{ is_known_version() }}

)

select * from known
