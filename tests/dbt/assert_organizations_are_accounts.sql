{{ config(meta={'dagster': {'ref': {'name': 'stg_zendesk__organizations'}}}) }}

-- Every organization of the help desk belongs to one account, or stands among the accounts itself: no case is lost.
with

organizations as (
    select organization_id
    from {{ ref('stg_zendesk__organizations') }}
),

organization_accounts as (
    select * from {{ ref('int_organization_accounts') }}
),

accounts as (
    select * from {{ ref('int_accounts') }}
)

select
    organizations.organization_id,
    organization_accounts.account_id,
    organization_accounts.match_rule
from organizations
left join organization_accounts
    on organizations.organization_id = organization_accounts.organization_id
left join accounts
    on organization_accounts.account_id = accounts.account_id
where
    organization_accounts.organization_id is null
    or accounts.account_id is null
    or (organization_accounts.match_rule = 'unmatched')
    <> (organizations.organization_id = organization_accounts.account_id)
