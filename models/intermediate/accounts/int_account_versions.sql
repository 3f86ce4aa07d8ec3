with

generic_versions as (
    select * from {{ ref('stg_generic__account_versions') }}
),

salesforce_versions as (
    select * from {{ ref('stg_salesforce__account_versions') }}
),

versions as (
    {% for source in ['generic', 'salesforce'] %}
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
            '{{ source }}' as source,
            coalesce(is_deleted, false) as is_deleted,
            valid_from,
            valid_to,
            updated_at,
            first_known_at
        from {{ source }}_versions
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- A tombstone often carries nothing but its key: what the account was is what its last live version said.
dated as (
    select
        versions.*,
        coalesce(
            max(case when not versions.is_deleted then versions.valid_from end) over (
                partition by versions.account_id
                order by versions.valid_from rows between unbounded preceding and current row
            ),
            versions.valid_from
        ) as described_from,
        coalesce(
            lag(versions.is_deleted) over (partition by versions.account_id order by versions.valid_from),
            false
        ) as was_deleted
    from versions
),

described as (
    select
        dated.account_id,
        lived.account_name,
        lived.parent_account_id,
        lived.customer_type,
        lived.segment,
        lived.industry,
        lived.region,
        lived.country,
        lived.owner_id,
        lived.support_plan,
        lived.service_process,
        lived.currency,
        lived.created_at,
        dated.source,
        dated.is_deleted,
        -- A tombstone that is exported again does not delete the account again.
        case
            when dated.is_deleted
                then max(case when dated.is_deleted and not dated.was_deleted then dated.updated_at end) over (
                    partition by dated.account_id
                    order by dated.valid_from
                    rows between unbounded preceding and current row
                )
        end as deleted_at,
        dated.valid_from,
        dated.valid_to,
        dated.updated_at,
        dated.first_known_at
    from dated
    inner join versions as lived
        on
            dated.account_id = lived.account_id
            and dated.described_from = lived.valid_from
)

select * from described
