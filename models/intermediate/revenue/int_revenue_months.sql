with subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

-- the running month is always there, also before the first subscription starts
spine as (

    {{ month_spine(
        "(select least(min(service_start_date), " ~ as_of_date() ~ ") from subscriptions where mrr_native > 0)",
        as_of_date()
    ) }}

),

-- a month is judged at the end of its last day, the running one at the end of the as-of day
months as (

    select
        month,
        least({{ plus_days(plus_months('month', 1), -1) }}, {{ as_of_date() }}) as snapshot_date,
        {{ plus_days(plus_months('month', 1), -1) }} <= {{ as_of_date() }} as is_complete
    from spine

)

select * from months
