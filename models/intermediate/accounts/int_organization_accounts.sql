with

organization_account_versions as (
    select * from {{ ref('int_organization_account_versions') }}
),

current_matches as (
    select
        organization_id,
        account_id,
        match_rule
    from organization_account_versions
    where {{ is_known_version() }}
)

select * from current_matches
