with

generic_contacts as (
    select * from {{ ref('stg_generic__contacts') }}
),

salesforce_contacts as (
    select * from {{ ref('stg_salesforce__contacts') }}
),

zendesk_users as (
    select * from {{ ref('stg_zendesk__users') }}
),

organization_accounts as (
    select * from {{ ref('int_organization_accounts') }}
),

combined as (
    select
        contact_id,
        account_id,
        role,
        created_at,
        'generic' as source,
        coalesce(is_deleted, false) as is_deleted,
        updated_at,
        first_known_at
    from generic_contacts

    union all

    select
        contact_id,
        account_id,
        role,
        created_at,
        'salesforce' as source,
        coalesce(is_deleted, false) as is_deleted,
        updated_at,
        first_known_at
    from salesforce_contacts

    union all

    -- Who asks for help is a contact of the account that the organization belongs to.
    select
        zendesk_users.user_id as contact_id,
        coalesce(organization_accounts.account_id, zendesk_users.organization_id) as account_id,
        cast(null as {{ dbt.type_string() }}) as role,
        zendesk_users.created_at,
        'zendesk' as source,
        coalesce(zendesk_users.is_deleted, false) as is_deleted,
        zendesk_users.updated_at,
        zendesk_users.first_known_at
    from zendesk_users
    left join organization_accounts
        on zendesk_users.organization_id = organization_accounts.organization_id
    where zendesk_users.role = 'end-user'
)

select * from combined
where created_at < {{ as_of_end() }} or created_at is null
