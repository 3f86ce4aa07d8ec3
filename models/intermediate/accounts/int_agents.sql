with

generic_agents as (
    select * from {{ ref('stg_generic__agents') }}
),

salesforce_users as (
    select * from {{ ref('stg_salesforce__users') }}
),

zendesk_user_versions as (
    select * from {{ ref('stg_zendesk__user_versions') }}
    where
        role in ('agent', 'admin')
        and valid_from < {{ as_of_end() }}
),

zendesk_groups as (
    select * from {{ ref('stg_zendesk__groups') }}
),

-- Whose role was taken away was an agent until then: cases name them.
zendesk_users as (
    select
        *,
        row_number() over (partition by user_id order by valid_from desc) as newest
    from zendesk_user_versions
),

vendor_agents as (
    select
        agent_id,
        full_name,
        team,
        role,
        is_bot,
        hired_at,
        left_at,
        'salesforce' as source,
        false as is_deleted,
        updated_at,
        first_known_at
    from salesforce_users

    union all

    -- Who was deactivated or deleted, or is no agent any more, is gone since the version that says so.
    select
        zendesk_users.user_id as agent_id,
        zendesk_users.full_name,
        coalesce(zendesk_groups.group_name, zendesk_users.group_id) as team,
        zendesk_users.role,
        zendesk_users.is_bot,
        zendesk_users.created_at as hired_at,
        case
            when zendesk_users.is_deleted or not zendesk_users.is_active then zendesk_users.updated_at
            when zendesk_users.valid_to < {{ as_of_end() }} then zendesk_users.valid_to
        end as left_at,
        'zendesk' as source,
        coalesce(zendesk_users.is_deleted, false) as is_deleted,
        zendesk_users.updated_at,
        zendesk_users.first_known_at
    from zendesk_users
    left join zendesk_groups
        on zendesk_users.group_id = zendesk_groups.group_id
    where zendesk_users.newest = 1
),

-- A generic row that names a vendor's user tells more of the same person: what it knows wins, the vendor knows the
-- rest.
merged as (
    select
        coalesce(vendor_agents.agent_id, generic_agents.agent_id) as agent_id,
        coalesce(generic_agents.full_name, vendor_agents.full_name) as full_name,
        coalesce(generic_agents.team, vendor_agents.team) as team,
        coalesce(generic_agents.role, vendor_agents.role) as role,
        coalesce(generic_agents.is_bot, vendor_agents.is_bot, false) as is_bot,
        coalesce(generic_agents.hired_at, vendor_agents.hired_at) as hired_at,
        coalesce(generic_agents.left_at, vendor_agents.left_at) as left_at,
        coalesce(vendor_agents.source, 'generic') as source,
        coalesce(vendor_agents.is_deleted, false) as is_deleted,
        greatest(vendor_agents.updated_at, generic_agents.updated_at) as updated_at,
        least(vendor_agents.first_known_at, generic_agents.first_known_at) as first_known_at
    from vendor_agents
    full outer join generic_agents
        on vendor_agents.agent_id = generic_agents.agent_id
),

final as (
    select
        agent_id,
        full_name,
        team,
        role,
        is_bot,
        hired_at,
        -- Who left before they were hired is back: that was an earlier employment.
        case when hired_at is null or cast(left_at as date) >= cast(hired_at as date) then left_at end as left_at,
        source,
        is_deleted,
        updated_at,
        first_known_at
    from merged
)

select * from final
