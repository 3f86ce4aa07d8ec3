with

generic_agents as (
    select * from {{ ref('stg_generic__agents') }}
),

salesforce_users as (
    select * from {{ ref('stg_salesforce__users') }}
),

zendesk_users as (
    select * from {{ ref('stg_zendesk__users') }}
),

zendesk_groups as (
    select * from {{ ref('stg_zendesk__groups') }}
),

combined as (
    select
        agent_id,
        full_name,
        team,
        role,
        coalesce(is_bot, false) as is_bot,
        hired_at,
        left_at,
        'generic' as source,
        false as is_deleted,
        updated_at,
        first_known_at
    from generic_agents

    union all

    select
        agent_id,
        full_name,
        team,
        role,
        coalesce(is_bot, false) as is_bot,
        hired_at,
        left_at,
        'salesforce' as source,
        false as is_deleted,
        updated_at,
        first_known_at
    from salesforce_users

    union all

    select
        zendesk_users.user_id as agent_id,
        zendesk_users.full_name,
        coalesce(zendesk_groups.group_name, zendesk_users.group_id) as team,
        zendesk_users.role,
        coalesce(zendesk_users.is_bot, false) as is_bot,
        zendesk_users.created_at as hired_at,
        cast(null as timestamp) as left_at,
        'zendesk' as source,
        coalesce(zendesk_users.is_deleted, false) as is_deleted,
        zendesk_users.updated_at,
        zendesk_users.first_known_at
    from zendesk_users
    left join zendesk_groups
        on zendesk_users.group_id = zendesk_groups.group_id
    where zendesk_users.role in ('agent', 'admin')
)

select * from combined
