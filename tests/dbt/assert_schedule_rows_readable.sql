{{ config(meta={'dagster': {'ref': {'name': 'business_schedules'}}}) }}

-- Every row of business_schedules has a zone that exists, hours written HH:MM and days in order.
with judged as (

    select
        *,
        case
            when {{ is_unknown_time_zone('time_zone') }}
                then concat(
                    'time_zone is "', time_zone,
                    '", which is no IANA zone; expected one such as America/New_York, or UTC'
                )
            when not {{ matches('opens', '^([01][0-9]|2[0-3]):[0-5][0-9]$') }}
                then concat('opens is "', opens, '"; expected HH:MM from 00:00 to 23:59')
            when not {{ matches('closes', '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$') }}
                then concat('closes is "', closes, '"; expected HH:MM from 00:00 to 24:00')
            when valid_from > valid_to
                then 'valid_from is after valid_to'
        end as problem
    from {{ ref('business_schedules') }}

)

select schedule
from judged
where
    case
        when problem is not null
            then {{ raise_error("concat('business_schedules, schedule \"', schedule, '\", weekday ', "
                ~ "cast(weekday as " ~ dbt.type_string() ~ "), ': ', problem, '.')") }}
    end is not null
