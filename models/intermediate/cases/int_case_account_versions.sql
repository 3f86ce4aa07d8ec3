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
            and ticket_versions.valid_to > organization_account_versions.valid_from
),

generic_cases as (
    select
        case_id,
        account_id,
        created_at,
        coalesce(is_deleted, false) as is_deleted,
        updated_at,
        valid_from,
        valid_to,
        case when account_id is null then contact_id end as lookup_contact_id,
        cast(created_at as date) as created_on
    from generic_versions
),

-- A case that names no account is that of its contact on the day it was opened.
case_accounts as (
    select
        generic_cases.case_id,
        coalesce(generic_cases.account_id, contact_versions.account_id) as account_id,
        generic_cases.created_at,
        generic_cases.is_deleted,
        greatest(generic_cases.updated_at, contact_versions.known_at) as known_at,
        generic_cases.valid_from,
        generic_cases.valid_to
    from generic_cases
    left join contact_versions
        on
            generic_cases.lookup_contact_id = contact_versions.contact_id
            and cast(contact_versions.valid_from as date) <= generic_cases.created_on
            and cast(contact_versions.valid_to as date) > generic_cases.created_on
),

combined as (
    select
        case_id,
        account_id,
        created_at,
        is_deleted,
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
