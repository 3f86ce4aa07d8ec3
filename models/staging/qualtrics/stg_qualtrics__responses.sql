with versions as (

    select * from {{ ref('stg_qualtrics__response_versions') }}

),

known as (

    select
        response_id,
        contact_ref,
        account_id,
        case_id,
        contact_id,
        sent_at,
        started_at,
        responded_at,
        is_finished,
        status,
        distribution_channel,
        answers,
        updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from versions
    where {{ is_known_version() }}

)

select * from known
