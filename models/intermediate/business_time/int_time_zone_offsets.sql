with schedules as (

    select * from {{ ref('business_schedules') }}

),

case_events as (

    select * from {{ ref('int_case_events') }}

),

time_zones as (

    select distinct time_zone
    from schedules

),

bounds as (

    select
        greatest(
            coalesce(cast(min(occurred_at) as date), {{ as_of_date() }}),
            {{ plus_days(as_of_date(), '-' ~ threshold('business_calendar_days_back')) }}
        ) as first_day,
        {{ plus_days(as_of_date(), threshold('business_calendar_days_ahead')) }} as last_day
    from case_events

),

-- One day more than is kept, for the offset at the end of the last.
days as (

    {{ day_spine('(select bounds.first_day from bounds)', plus_days('(select bounds.last_day from bounds)', 1)) }}

),

day_offsets as (

    select
        time_zones.time_zone,
        days.date_day as utc_date,
        {{ zone_offset_seconds('cast(days.date_day as timestamp)', 'time_zones.time_zone') }} as offset_seconds
    from time_zones
    cross join days

),

day_ends as (

    select
        *,
        lead(offset_seconds) over (partition by time_zone order by utc_date asc) as next_offset_seconds
    from day_offsets

),

minutes as (

    select {{ numbers_to(1439) }} as minute_of_day

),

-- Clocks change on whole minutes of UTC; only days that end with another offset than they began with are looked at so
-- closely.
minute_offsets as (

    select
        day_ends.time_zone,
        day_ends.utc_date,
        day_ends.offset_seconds as day_offset_seconds,
        minutes.minute_of_day * 60 as starts_second,
        {{ zone_offset_seconds(
            instant_of(epoch_seconds('cast(day_ends.utc_date as timestamp)') ~ ' + minutes.minute_of_day * 60'),
            'day_ends.time_zone'
        ) }} as offset_seconds
    from day_ends
    cross join minutes
    where day_ends.offset_seconds <> day_ends.next_offset_seconds

),

changes as (

    select
        *,
        coalesce(
            lag(offset_seconds) over (partition by time_zone, utc_date order by starts_second asc), day_offset_seconds
        ) as offset_seconds_before
    from minute_offsets

),

pieces as (

    select
        time_zone,
        utc_date,
        0 as starts_second,
        offset_seconds
    from day_ends
    where next_offset_seconds is not null

    union all

    select
        time_zone,
        utc_date,
        starts_second,
        offset_seconds
    from changes
    where offset_seconds <> offset_seconds_before

),

final as (

    select
        time_zone,
        utc_date,
        {{ epoch_seconds('cast(utc_date as timestamp)') }} + starts_second as starts_epoch,
        {{ epoch_seconds('cast(utc_date as timestamp)') }}
        + coalesce(
            lead(starts_second) over (partition by time_zone, utc_date order by starts_second asc), 86400
        ) as ends_epoch,
        offset_seconds
    from pieces

)

select * from final
