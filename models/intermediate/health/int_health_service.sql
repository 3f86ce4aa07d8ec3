with

case_versions as (
    select * from {{ ref('int_case_account_versions') }}
),

case_events as (
    select * from {{ ref('int_case_events') }}
),

case_reopens as (
    select * from {{ ref('int_case_reopens') }}
),

health_dates as (
    select * from {{ ref('int_health_dates') }}
),

commercial as (
    select * from {{ ref('int_health_commercial') }}
),

settings as (
    select
        {{ threshold('health_service_days') }} as service_days,
        {{ threshold('health_service_case_weight', 'decimal(18, 6)') }} as case_weight,
        {{ threshold('health_service_reopen_weight', 'decimal(18, 6)') }} as reopen_weight
),

-- A version of a case places it, on the days on which that version was the newest known.
placed_cases as (
    select
        case_id,
        account_id,
        cast(created_at as date) as created_on,
        coalesce(cast(known_at as date), cast('1900-01-01' as date)) as known_on,
        cast(valid_from as date) as known_from_on,
        cast(valid_to as date) as known_until,
        is_deleted
    from case_versions
),

reopened_cases as (
    select
        placed_cases.case_id,
        placed_cases.account_id,
        cast(case_reopens.occurred_at as date) as happened_on,
        case_reopens.is_reopen,
        greatest(placed_cases.known_on, cast(case_reopens.known_at as date)) as known_on,
        placed_cases.known_from_on,
        placed_cases.known_until
    from placed_cases
    inner join case_reopens
        on placed_cases.case_id = case_reopens.case_id
    where not placed_cases.is_deleted
),

incidents as (
    select
        placed_cases.case_id,
        placed_cases.account_id,
        placed_cases.created_on as happened_on,
        settings.case_weight as weight,
        placed_cases.known_on,
        placed_cases.known_from_on,
        placed_cases.known_until,
        {{ plus_days('placed_cases.created_on', 'settings.service_days') }} as leaves_window_on
    from placed_cases
    cross join settings
    where not placed_cases.is_deleted

    union all

    select
        reopened_cases.case_id,
        reopened_cases.account_id,
        reopened_cases.happened_on,
        case when reopened_cases.is_reopen then settings.reopen_weight else 0 end as weight,
        reopened_cases.known_on,
        reopened_cases.known_from_on,
        reopened_cases.known_until,
        {{ plus_days('reopened_cases.happened_on', 'settings.service_days') }} as leaves_window_on
    from reopened_cases
    cross join settings
),

incident_dates as (
    select
        incidents.case_id,
        incidents.account_id,
        health_dates.as_of_date,
        incidents.weight,
        incidents.known_on
    from incidents
    inner join health_dates
        on
            incidents.happened_on <= health_dates.as_of_date
            and incidents.leaves_window_on > health_dates.as_of_date
            and incidents.known_from_on <= health_dates.as_of_date
            and incidents.known_until > health_dates.as_of_date
    where incidents.account_id is not null
),

deletions as (
    select
        case_id,
        event_type = 'deleted' as is_deleted,
        cast(occurred_at as date) as starts_on,
        coalesce(
            cast(lead(occurred_at) over (partition by case_id order by occurred_at, event_id) as date),
            cast('9999-12-31' as date)
        ) as ends_on,
        cast(known_at as date) as known_on
    from case_events
    where event_type in ('deleted', 'undeleted')
),

merged_cases as (
    select
        case_id,
        min(cast(occurred_at as date)) as merged_on,
        min(cast(greatest(occurred_at, known_at) as date)) as known_on
    from case_events
    where event_type = 'merged'
    group by case_id
),

counted as (
    select
        incident_dates.account_id,
        incident_dates.as_of_date,
        sum(
            case
                when merged_cases.case_id is null and not coalesce(deletions.is_deleted, false)
                    then incident_dates.weight
                else 0
            end
        ) as weighted_cases,
        max(greatest(incident_dates.known_on, deletions.known_on, merged_cases.known_on)) as known_on
    from incident_dates
    left join deletions
        on
            incident_dates.case_id = deletions.case_id
            and incident_dates.as_of_date >= deletions.starts_on
            and incident_dates.as_of_date < deletions.ends_on
    left join merged_cases
        on
            incident_dates.case_id = merged_cases.case_id
            and incident_dates.as_of_date >= merged_cases.merged_on
    group by incident_dates.account_id, incident_dates.as_of_date
),

-- Without any case of anybody by then, there is no ticketing system to learn from.
first_cases as (
    select
        min(created_on) as first_case_on,
        min(greatest(created_on, known_on)) as first_known_on
    from placed_cases
),

measured as (
    select
        commercial.account_id,
        commercial.as_of_date,
        cast(coalesce(counted.weighted_cases, 0) as double) as measure,
        greatest(first_cases.first_known_on, counted.known_on) as known_on
    from commercial
    inner join first_cases
        on commercial.as_of_date >= first_cases.first_case_on
    left join counted
        on
            commercial.account_id = counted.account_id
            and commercial.as_of_date = counted.as_of_date
)

select * from measured
