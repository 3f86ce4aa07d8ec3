with generic_opportunities as (

    select * from {{ ref('stg_generic__opportunities') }}

),

salesforce_opportunities as (

    select * from {{ ref('stg_salesforce__opportunities') }}

),

unioned as (

    select
        opportunity_id,
        account_id,
        name,
        type,
        stage,
        amount,
        currency,
        probability,
        created_at,
        close_date,
        is_closed,
        is_won,
        subscription_id,
        owner_id,
        updated_at,
        first_known_at,
        false as is_deleted,
        'generic' as source
    from generic_opportunities

    union all

    select
        opportunity_id,
        account_id,
        name,
        type,
        stage,
        amount,
        currency,
        probability,
        created_at,
        close_date,
        is_closed,
        is_won,
        subscription_id,
        owner_id,
        updated_at,
        first_known_at,
        coalesce(is_deleted, false) as is_deleted,
        'salesforce' as source
    from salesforce_opportunities

),

rates as (

    select * from {{ ref('int_exchange_rates_monthly') }}
    where month = {{ first_of_month(as_of_date()) }}

),

cleaned as (

    select
        opportunity_id,
        account_id,
        name as opportunity_name,
        lower(type) as opportunity_type,
        stage,
        amount,
        upper(coalesce(currency, '{{ var("reporting_currency") }}')) as currency,
        probability,
        created_at,
        close_date,
        coalesce(is_closed, false) as is_closed,
        coalesce(is_closed and is_won, false) as is_won,
        subscription_id,
        owner_id,
        source,
        is_deleted,
        case when is_deleted then updated_at end as deleted_at,
        updated_at,
        first_known_at
    from unioned
    where created_at is null or created_at < {{ as_of_end() }}

),

final as (

    select
        cleaned.*,
        {{ in_reporting_currency('cleaned.amount', 'rates.rate_to_reporting') }} as amount_reporting
    from cleaned
    left join rates on cleaned.currency = rates.currency

)

select * from final
