with generic_orders as (

    select * from {{ ref('stg_generic__orders') }}

),

salesforce_orders as (

    select * from {{ ref('stg_salesforce__orders') }}

),

unioned as (

    select
        order_id,
        account_id,
        ordered_at,
        amount,
        currency,
        status,
        updated_at,
        first_known_at,
        false as is_deleted,
        'generic' as source
    from generic_orders

    union all

    select
        order_id,
        account_id,
        ordered_at,
        amount,
        currency,
        status,
        updated_at,
        first_known_at,
        coalesce(is_deleted, false) as is_deleted,
        'salesforce' as source
    from salesforce_orders

),

final as (

    select
        order_id,
        account_id,
        ordered_at,
        amount,
        upper(coalesce(currency, '{{ var("reporting_currency") }}')) as currency,
        lower(status) as status,
        source,
        is_deleted,
        case when is_deleted then updated_at end as deleted_at,
        updated_at,
        first_known_at
    from unioned
    where ordered_at < {{ as_of_end() }}

)

select * from final
