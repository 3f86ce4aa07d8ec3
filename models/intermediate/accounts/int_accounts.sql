with

account_versions as (
    select * from {{ ref('int_account_versions') }}
),

organizations as (
    select * from {{ ref('stg_zendesk__organizations') }}
),

organization_accounts as (
    select * from {{ ref('int_organization_accounts') }}
),

accounts as (
    select
        account_id,
        account_name,
        parent_account_id,
        customer_type,
        segment,
        industry,
        region,
        country,
        owner_id,
        support_plan,
        service_process,
        currency,
        created_at,
        source,
        is_deleted,
        deleted_at,
        updated_at,
        first_known_at
    from account_versions
    where {{ is_known_version() }}
),

-- An organization that no account answers to is shown as an account of its own, so that its cases are not lost.
unmatched_organizations as (
    select
        organizations.organization_id as account_id,
        organizations.organization_name as account_name,
        cast(null as {{ dbt.type_string() }}) as parent_account_id,
        cast(null as {{ dbt.type_string() }}) as customer_type,
        cast(null as {{ dbt.type_string() }}) as segment,
        cast(null as {{ dbt.type_string() }}) as industry,
        cast(null as {{ dbt.type_string() }}) as region,
        cast(null as {{ dbt.type_string() }}) as country,
        cast(null as {{ dbt.type_string() }}) as owner_id,
        cast(null as {{ dbt.type_string() }}) as support_plan,
        cast(null as {{ dbt.type_string() }}) as service_process,
        cast(null as {{ dbt.type_string() }}) as currency,
        organizations.created_at,
        'zendesk' as source,
        coalesce(organizations.is_deleted, false) as is_deleted,
        case when organizations.is_deleted then organizations.updated_at end as deleted_at,
        organizations.updated_at,
        organizations.first_known_at
    from organizations
    inner join organization_accounts
        on organizations.organization_id = organization_accounts.organization_id
    where organization_accounts.match_rule = 'unmatched'
),

combined as (
    select * from accounts
    union all
    select * from unmatched_organizations
)

select * from combined
