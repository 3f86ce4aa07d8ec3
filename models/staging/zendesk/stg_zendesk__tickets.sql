with versions as (

    select * from {{ ref('stg_zendesk__ticket_versions') }}

),

known as (

    select
        case_id,
        account_id,
        contact_id,
        created_at,
        status,
        priority,
        channel,
        topic,
        product,
        case_type,
        team,
        assignee_id,
        service_process,
        parent_case_id,
        first_replied_at,
        solved_at,
        closed_at,
        is_deleted,
        organization_id,
        requester_id,
        is_merged,
        merged_into_case_id,
        updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from versions
    where {{ is_known_version() }}

)

select * from known
