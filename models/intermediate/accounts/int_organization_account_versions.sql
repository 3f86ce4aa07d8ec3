with

organization_versions as (
    select * from {{ ref('stg_zendesk__organization_versions') }}
),

account_versions as (
    select * from {{ ref('int_account_versions') }}
),

salesforce_versions as (
    select * from {{ ref('stg_salesforce__account_versions') }}
),

-- A tombstone says nothing about whom the organization belonged to; its history keeps the last live match.
live_organizations as (
    select
        organization_id,
        external_id,
        domain_names,
        coalesce(updated_at, cast('1900-01-01 00:00:00' as timestamp)) as starts_at,
        coalesce(
            lead(updated_at) over (partition by organization_id order by valid_from),
            cast('9999-12-31 00:00:00' as timestamp)
        ) as ends_at
    from organization_versions
    where not coalesce(is_deleted, false)
),

organization_domains as (
    {{ explode_json_array(
        'live_organizations',
        'domain_names',
        ['organization_id', 'starts_at', 'ends_at'],
        'domain_name',
        'domain_index'
    ) }}
),

-- An external id names an account by its full id, or by a Salesforce id of 15 or 18 characters (the last three of 18
-- are a checksum of the first 15).
organization_keys as (
    select
        organization_id,
        'external_id' as match_rule,
        external_id as match_key,
        starts_at,
        ends_at
    from live_organizations
    where external_id is not null

    union all

    select
        organization_id,
        'external_id' as match_rule,
        {{ salesforce_match_key('external_id') }} as match_key,
        starts_at,
        ends_at
    from live_organizations
    where {{ salesforce_match_key('external_id') }} is not null

    union all

    select
        organization_id,
        'domain' as match_rule,
        regexp_replace(lower(trim(domain_name)), '^www[.]', '') as match_key,
        starts_at,
        ends_at
    from organization_domains
    where trim(domain_name) <> ''
),

known_accounts as (
    select
        account_id,
        source,
        coalesce(min(first_known_at), cast('1900-01-01 00:00:00' as timestamp)) as starts_at
    from account_versions
    group by account_id, source
),

account_keys as (
    select
        account_id,
        'external_id' as match_rule,
        account_id as match_key,
        starts_at,
        cast('9999-12-31 00:00:00' as timestamp) as ends_at
    from known_accounts

    union all

    select
        account_id,
        'external_id' as match_rule,
        {{ salesforce_match_key('account_id') }} as match_key,
        starts_at,
        cast('9999-12-31 00:00:00' as timestamp) as ends_at
    from known_accounts
    where
        source = 'salesforce'
        and {{ salesforce_match_key('account_id') }} is not null

    union all

    select
        account_id,
        'domain' as match_rule,
        website_domain as match_key,
        coalesce(updated_at, cast('1900-01-01 00:00:00' as timestamp)) as starts_at,
        valid_to as ends_at
    from salesforce_versions
    where
        website_domain is not null
        and not coalesce(is_deleted, false)
),

candidates as (
    select
        organization_keys.organization_id,
        organization_keys.match_rule,
        account_keys.account_id,
        greatest(organization_keys.starts_at, account_keys.starts_at) as starts_at,
        least(organization_keys.ends_at, account_keys.ends_at) as ends_at
    from organization_keys
    inner join account_keys
        on
            organization_keys.match_rule = account_keys.match_rule
            and organization_keys.match_key = account_keys.match_key
            and organization_keys.starts_at < account_keys.ends_at
            and organization_keys.ends_at > account_keys.starts_at
),

-- The answer can only change where a candidate comes or goes.
turning_points as (
    select
        organization_id,
        starts_at as turned_at
    from candidates

    union

    select
        organization_id,
        ends_at as turned_at
    from candidates
    where ends_at < cast('9999-12-31 00:00:00' as timestamp)
),

counted as (
    select
        turning_points.organization_id,
        turning_points.turned_at,
        count(distinct case when candidates.match_rule = 'external_id' then candidates.account_id end)
            as named_accounts,
        min(case when candidates.match_rule = 'external_id' then candidates.account_id end) as named_account_id,
        count(distinct case when candidates.match_rule = 'domain' then candidates.account_id end) as domain_accounts,
        min(case when candidates.match_rule = 'domain' then candidates.account_id end) as domain_account_id
    from turning_points
    left join candidates
        on
            turning_points.organization_id = candidates.organization_id
            and turning_points.turned_at >= candidates.starts_at
            and turning_points.turned_at < candidates.ends_at
    group by turning_points.organization_id, turning_points.turned_at
),

-- Explicit before domain; more than one candidate is no match, because a wrong account is worse than none.
matched as (
    select
        organization_id,
        turned_at,
        case
            when named_accounts = 1 then named_account_id
            when named_accounts = 0 and domain_accounts = 1 then domain_account_id
        end as matched_account_id,
        case
            when named_accounts = 1 then 'external_id'
            when named_accounts = 0 and domain_accounts = 1 then 'domain'
            else 'unmatched'
        end as match_rule
    from counted
),

-- What is known first reaches back over the time before it, as an account's first version does; `known_at` tells.
from_first_match as (
    select
        matched.*,
        min(case when matched.match_rule <> 'unmatched' then matched.turned_at end)
            over (partition by matched.organization_id)
            as first_matched_at
    from matched
),

spans as (
    select
        organization_id,
        matched_account_id,
        match_rule,
        turned_at as known_at,
        case
            when turned_at = first_matched_at then cast('1900-01-01 00:00:00' as timestamp)
            else turned_at
        end as valid_from,
        coalesce(
            lead(turned_at) over (partition by organization_id order by turned_at),
            cast('9999-12-31 00:00:00' as timestamp)
        ) as valid_to
    from from_first_match
    where turned_at >= first_matched_at
),

never_matched as (
    select
        organization_versions.organization_id,
        min(organization_versions.first_known_at) as known_at
    from organization_versions
    left join spans
        on organization_versions.organization_id = spans.organization_id
    where spans.organization_id is null
    group by organization_versions.organization_id
),

combined as (
    select
        organization_id,
        coalesce(matched_account_id, organization_id) as account_id,
        match_rule,
        known_at,
        valid_from,
        valid_to
    from spans

    union all

    select
        organization_id,
        organization_id as account_id,
        'unmatched' as match_rule,
        known_at,
        cast('1900-01-01 00:00:00' as timestamp) as valid_from,
        cast('9999-12-31 00:00:00' as timestamp) as valid_to
    from never_matched
)

select * from combined
