{{ config(meta={'dagster': {'ref': {'name': 'case_backlog_daily'}}}) }}

-- Each combination of channel, team and process begins with nothing, has every day up to the newest, opens each with
-- what the day before closed with, and closes it with that and what happened; no day is short of cases, and no more of
-- them are unassigned or stale than there are.
with backlog as (

    select
        *,
        lag(date) over (partition by channel, team, service_process order by date) as earlier_date,
        lag(closing_backlog, 1, 0) over (partition by channel, team, service_process order by date) as earlier_closing,
        lead(date) over (partition by channel, team, service_process order by date) as later_date
    from {{ ref('case_backlog_daily') }}

)

select
    date,
    channel,
    team,
    service_process,
    opening_backlog,
    closing_backlog
from backlog
where
    opening_backlog <> earlier_closing
    or closing_backlog <> opening_backlog + created + reopened + undeleted - solved - deleted - merged
    or {{ plus_days('earlier_date', 1) }} <> date
    or (later_date is null and date <> {{ last_reporting_day() }})
    or closing_backlog < 0
    or unassigned not between 0 and closing_backlog
    or stale_5_days not between 0 and closing_backlog
