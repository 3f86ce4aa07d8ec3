with

usage_days as (
    select * from {{ ref('int_usage_account_days') }}
),

health_dates as (
    select * from {{ ref('int_health_dates') }}
),

commercial as (
    select * from {{ ref('int_health_commercial') }}
),

settings as (
    select {{ threshold('health_adoption_days') }} as adoption_days
),

days as (
    select
        usage_days.account_id,
        usage_days.usage_date,
        {{ plus_days('usage_days.usage_date', 'settings.adoption_days') }} as leaves_window_on,
        case
            when usage_days.licensed_seats > 0
                then cast(usage_days.active_users as double) / cast(usage_days.licensed_seats as double)
        end as seat_utilisation,
        case when usage_days.licensed_seats is null then usage_days.active_users end as unseated_active_users,
        coalesce(cast(usage_days.updated_at as date), usage_days.usage_date) as known_on
    from usage_days
    cross join settings
),

windows as (
    select
        days.account_id,
        health_dates.as_of_date,
        max(days.seat_utilisation) as seat_utilisation,
        max(days.unseated_active_users) as unseated_active_users,
        max(days.known_on) as known_on
    from days
    inner join health_dates
        on
            days.usage_date <= health_dates.as_of_date
            and days.leaves_window_on > health_dates.as_of_date
    group by days.account_id, health_dates.as_of_date
),

first_uses as (
    select
        account_id,
        min(usage_date) as first_usage_on,
        min(greatest(usage_date, coalesce(cast(first_known_at as date), usage_date))) as first_known_on
    from usage_days
    group by account_id
),

-- Usage rows' own seats count; a day without them is held against the seats of the subscriptions in service.
measured as (
    select
        commercial.account_id,
        commercial.as_of_date,
        case
            when windows.account_id is null then cast(0 as double)
            else greatest(
                windows.seat_utilisation,
                cast(windows.unseated_active_users as double) / nullif(cast(commercial.licensed_seats as double), 0)
            )
        end as measure,
        greatest(first_uses.first_known_on, windows.known_on) as known_on
    from commercial
    inner join first_uses
        on
            commercial.account_id = first_uses.account_id
            and commercial.as_of_date >= first_uses.first_usage_on
    left join windows
        on
            commercial.account_id = windows.account_id
            and commercial.as_of_date = windows.as_of_date
)

select * from measured
