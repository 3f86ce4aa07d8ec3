with schedules as (

    select * from {{ ref('business_schedules') }}

),

holidays as (

    select * from {{ ref('holidays') }}

),

zone_offsets as (

    select * from {{ ref('int_time_zone_offsets') }}

),

-- What stays the same of a piece of time when it is told by the wall clock of its zone: at most two calendar days,
-- each from one second of that day to another.
day_shifts as (

    select 0 as shift_days
    union all
    select 1 as shift_days

),

local_dates as (

    select
        zone_offsets.*,
        cast(floor((zone_offsets.starts_epoch + zone_offsets.offset_seconds) / 86400.0) as bigint)
        + day_shifts.shift_days as local_day_number
    from zone_offsets
    cross join day_shifts

),

local_pieces as (

    select
        time_zone,
        utc_date,
        {{ plus_days("cast('1970-01-01' as date)", 'local_day_number') }} as local_date,
        -- 1970-01-05 was a Monday.
        (local_day_number + 3) % 7 + 1 as local_weekday,
        local_day_number * 86400 - offset_seconds as local_midnight_epoch,
        greatest(starts_epoch + offset_seconds - local_day_number * 86400, 0) as from_second,
        least(ends_epoch + offset_seconds - local_day_number * 86400, 86400) as to_second
    from local_dates

),

opening_hours as (

    select
        *,
        {{ clock_seconds('opens') }} as opens_second,
        {{ clock_seconds('closes') }} as closes_second
    from schedules

),

-- A window past midnight is two: the rest of the day on which it opens, and the beginning of the next.
window_parts as (

    select
        schedule,
        time_zone,
        weekday as local_weekday,
        0 as days_after_opening,
        opens_second as from_second,
        case when closes_second <= opens_second then 86400 else closes_second end as to_second,
        valid_from,
        valid_to
    from opening_hours

    union all

    select
        schedule,
        time_zone,
        weekday % 7 + 1 as local_weekday,
        1 as days_after_opening,
        0 as from_second,
        closes_second as to_second,
        valid_from,
        valid_to
    from opening_hours
    where closes_second <= opens_second

),

open_parts as (

    select
        window_parts.schedule,
        local_pieces.utc_date,
        local_pieces.local_midnight_epoch
        + greatest(local_pieces.from_second, window_parts.from_second) as starts_epoch,
        local_pieces.local_midnight_epoch + least(local_pieces.to_second, window_parts.to_second) as ends_epoch
    from local_pieces
    inner join window_parts
        on
            local_pieces.time_zone = window_parts.time_zone
            and local_pieces.local_weekday = window_parts.local_weekday
    left join holidays
        on
            window_parts.schedule = holidays.schedule
            and local_pieces.local_date = holidays.holiday_date
    where
        holidays.schedule is null
        and (
            window_parts.valid_from is null
            or {{ plus_days('local_pieces.local_date', '-window_parts.days_after_opening') }} >= window_parts.valid_from
        )
        and (
            window_parts.valid_to is null
            or {{ plus_days('local_pieces.local_date', '-window_parts.days_after_opening') }} <= window_parts.valid_to
        )
        and greatest(local_pieces.from_second, window_parts.from_second)
        < least(local_pieces.to_second, window_parts.to_second)

),

-- Parts that overlap or touch are one, so that no second counts twice.
reached as (

    select
        *,
        max(ends_epoch) over (
            partition by schedule, utc_date
            order by starts_epoch asc, ends_epoch asc
            rows between unbounded preceding and 1 preceding
        ) as reached_epoch
    from open_parts

),

numbered as (

    select
        *,
        sum(case when starts_epoch <= reached_epoch then 0 else 1 end) over (
            partition by schedule, utc_date
            order by starts_epoch asc, ends_epoch asc
            rows between unbounded preceding and current row
        ) as opening_number
    from reached

),

openings as (

    select
        schedule,
        utc_date,
        min(starts_epoch) as starts_epoch,
        max(ends_epoch) as ends_epoch
    from numbered
    group by schedule, utc_date, opening_number

),

schedule_zones as (

    select distinct
        schedule,
        time_zone
    from schedules

),

schedule_days as (

    select
        schedule_zones.schedule,
        zone_offsets.utc_date,
        min(zone_offsets.starts_epoch) as starts_epoch,
        max(zone_offsets.ends_epoch) as ends_epoch
    from schedule_zones
    inner join zone_offsets on schedule_zones.time_zone = zone_offsets.time_zone
    group by schedule_zones.schedule, zone_offsets.utc_date

),

-- A day begins closed; an opening of no seconds stands for that.
day_marks as (

    select
        schedule,
        utc_date,
        starts_epoch,
        starts_epoch as ends_epoch
    from schedule_days

    union all

    select
        schedule,
        utc_date,
        starts_epoch,
        ends_epoch
    from openings

),

followed as (

    select
        day_marks.schedule,
        day_marks.utc_date,
        day_marks.starts_epoch,
        day_marks.ends_epoch,
        coalesce(
            lead(day_marks.starts_epoch) over (
                partition by day_marks.schedule, day_marks.utc_date
                order by day_marks.starts_epoch asc, day_marks.ends_epoch asc
            ),
            schedule_days.ends_epoch
        ) as next_starts_epoch
    from day_marks
    inner join schedule_days
        on
            day_marks.schedule = schedule_days.schedule
            and day_marks.utc_date = schedule_days.utc_date

),

segments as (

    select
        schedule,
        utc_date,
        starts_epoch,
        ends_epoch,
        true as is_open
    from followed
    where starts_epoch < ends_epoch

    union all

    select
        schedule,
        utc_date,
        ends_epoch as starts_epoch,
        next_starts_epoch as ends_epoch,
        false as is_open
    from followed
    where ends_epoch < next_starts_epoch

),

final as (

    select
        schedule,
        utc_date as segment_date,
        {{ instant_of('starts_epoch') }} as starts_at,
        {{ instant_of('ends_epoch') }} as ends_at,
        is_open,
        cast(coalesce(sum(case when is_open then ends_epoch - starts_epoch else 0 end) over (
            partition by schedule
            order by starts_epoch asc
            rows between unbounded preceding and 1 preceding
        ), 0) as bigint) as open_seconds_before
    from segments

)

select * from final
