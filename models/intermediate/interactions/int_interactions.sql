with

generic_interactions as (
    select * from {{ ref('stg_generic__interactions') }}
),

tasks as (
    select * from {{ ref('stg_salesforce__tasks') }}
),

events as (
    select * from {{ ref('stg_salesforce__events') }}
),

combined as (
    select
        interaction_id,
        account_id,
        contact_id,
        kind,
        direction,
        occurred_at,
        duration_seconds,
        owner_id,
        'generic' as source,
        cast(null as timestamp) as deleted_at,
        updated_at,
        first_known_at
    from generic_interactions

    union all

    select
        interaction_id,
        account_id,
        contact_id,
        kind,
        direction,
        occurred_at,
        duration_seconds,
        owner_id,
        'salesforce' as source,
        case when is_deleted then updated_at end as deleted_at,
        updated_at,
        first_known_at
    from tasks

    union all

    select
        interaction_id,
        account_id,
        contact_id,
        kind,
        direction,
        occurred_at,
        duration_seconds,
        owner_id,
        'salesforce' as source,
        case when is_deleted then updated_at end as deleted_at,
        updated_at,
        first_known_at
    from events
),

-- A task that is not done and a meeting that is to come are plans; they did not happen.
happened as (
    select * from combined
    where occurred_at < {{ as_of_end() }}
)

select * from happened
