with generic_versions as (

    select * from {{ ref('stg_generic__order_versions') }}

),

salesforce_versions as (

    select * from {{ ref('stg_salesforce__order_versions') }}

),

unioned as (

    select
        order_id,
        account_id,
        ordered_at,
        lower(status) as status,
        false as is_deleted,
        updated_at as known_at,
        valid_from,
        valid_to
    from generic_versions

    union all

    select
        order_id,
        account_id,
        ordered_at,
        lower(status) as status,
        is_deleted,
        updated_at as known_at,
        valid_from,
        valid_to
    from salesforce_versions

)

select * from unioned
