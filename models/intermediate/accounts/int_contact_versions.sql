with

generic_versions as (
    select * from {{ ref('stg_generic__contact_versions') }}
),

salesforce_versions as (
    select * from {{ ref('stg_salesforce__contact_versions') }}
),

-- A tombstone may carry nothing but its key; whose contact it was does not change by that.
combined as (
    {% for source in ['generic', 'salesforce'] %}
        select
            contact_id,
            account_id,
            updated_at as known_at,
            valid_from,
            coalesce(
                lead(valid_from) over (partition by contact_id order by valid_from),
                cast('9999-12-31 00:00:00' as timestamp)
            ) as valid_to
        from {{ source }}_versions
        where not coalesce(is_deleted, false)
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from combined
