with

generic_versions as (
    select * from {{ ref('stg_generic__interaction_versions') }}
),

task_versions as (
    select * from {{ ref('stg_salesforce__task_versions') }}
),

event_versions as (
    select * from {{ ref('stg_salesforce__event_versions') }}
),

combined as (
    select
        interaction_id,
        account_id,
        kind,
        occurred_at,
        false as is_deleted,
        updated_at as known_at,
        valid_from,
        valid_to
    from generic_versions

    union all

    select
        interaction_id,
        account_id,
        kind,
        occurred_at,
        coalesce(is_deleted, false) as is_deleted,
        updated_at as known_at,
        valid_from,
        valid_to
    from task_versions

    union all

    select
        interaction_id,
        account_id,
        kind,
        occurred_at,
        coalesce(is_deleted, false) as is_deleted,
        updated_at as known_at,
        valid_from,
        valid_to
    from event_versions
)

select * from combined
where occurred_at is not null
