{{ config(materialized='table') }}

with source as (

    select * from {{ source('generic', 'usage') }}

),

-- A row whose day cannot be read has no place in any day; its content keeps it apart from others like it.
newest as (

    {{ newest_versions(
        'source',
        key=[
            clean_text('account_id'),
            clean_text('product'),
            clean_text('feature'),
            to_date('usage_date'),
            "case when " ~ to_date('usage_date') ~ " is null then _row_hash end",
        ],
        cursor=to_timestamp('updated_at'),
    ) }}

),

renamed as (

    select
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('product') }} as product,
        {{ clean_text('feature') }} as feature,
        {{ to_date('usage_date') }} as usage_date,
        {{ to_integer('active_users') }} as active_users,
        {{ to_integer('event_count') }} as event_count,
        {{ to_integer('licensed_seats') }} as licensed_seats,
        version_at as updated_at,
        first_known_at,
        _row_hash,
        _file_name,
        _line_number
    from newest

)

select * from renamed
