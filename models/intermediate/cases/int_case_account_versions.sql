with

generic_versions as (
    select * from {{ ref('stg_generic__case_versions') }}
),

ticket_versions as (
    select * from {{ ref('stg_zendesk__ticket_versions') }}
),

organization_account_versions as (
    select * from {{ ref('int_organization_account_versions') }}
),

contact_versions as (
    select * from {{ ref('int_contact_versions') }}
),

-- A ticket knows its organization and an organization its account; each may change, so their spans are cut together.
ticket_accounts as (
    select
        ticket_versions.case_id,
        coalesce(organization_account_versions.account_id, ticket_versions.organization_id) as account_id,
        ticket_versions.created_at,
        coalesce(ticket_versions.is_deleted, false) as is_deleted,
        greatest(ticket_versions.updated_at, organization_account_versions.known_at) as known_at,
        greatest(ticket_versions.valid_from, organization_account_versions.valid_from) as valid_from,
        least(ticket_versions.valid_to, organization_account_versions.valid_to) as valid_to
    from ticket_versions
    left join organization_account_versions
        on
            ticket_versions.organization_id = organization_account_versions.organization_id
            and ticket_versions.valid_from < organization_account_versions.valid_to
            and organization_account_versions.valid_from < ticket_versions.valid_to
),

-- A case that names no account is that of its contact on the day it was opened.
case_accounts as (
    select
        generic_versions.case_id,
        coalesce(generic_versions.account_id, contact_versions.account_id) as account_id,
        generic_versions.created_at,
        generic_versions.is_deleted,
        greatest(generic_versions.updated_at, contact_versions.known_at) as known_at,
        generic_versions.valid_from,
        generic_versions.valid_to
    from generic_versions
    left join contact_versions
        on
            generic_versions.account_id is null
            and generic_versions.contact_id = contact_versions.contact_id
            and cast(contact_versions.valid_from as date) <= cast(generic_versions.created_at as date)
            and cast(contact_versions.valid_to as date) > cast(generic_versions.created_at as date)
),

combined as (
    select
        case_id,
        account_id,
        created_at,
        coalesce(is_deleted, false) as is_deleted,
        known_at,
        valid_from,
        valid_to
    from case_accounts

    union all

    select
        case_id,
        account_id,
        created_at,
        is_deleted,
        known_at,
        valid_from,
        valid_to
    from ticket_accounts
)

select * from combined
