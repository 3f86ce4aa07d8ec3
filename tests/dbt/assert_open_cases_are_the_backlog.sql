{{ config(meta={'dagster': {'ref': {'name': 'case_backlog_daily'}}}) }}

-- The newest day closes with the open cases of fct_cases, in each channel, team and process, and as many of them have
-- no agent.
with open_cases as (

    select
        coalesce(channel, 'unknown') as channel,
        coalesce(team, 'unknown') as team,
        coalesce(service_process, 'unknown') as service_process,
        count(*) as cases,
        sum(case when assignee_id is null then 1 else 0 end) as unassigned
    from {{ ref('fct_cases') }}
    where
        is_open
        and not is_deleted
        and not is_merged
    group by 1, 2, 3

),

backlog as (

    select
        channel,
        team,
        service_process,
        closing_backlog,
        unassigned
    from {{ ref('case_backlog_daily') }}
    where date = {{ last_reporting_day() }}

)

select
    coalesce(open_cases.channel, backlog.channel) as channel,
    coalesce(open_cases.team, backlog.team) as team,
    coalesce(open_cases.service_process, backlog.service_process) as service_process,
    open_cases.cases,
    backlog.closing_backlog,
    open_cases.unassigned,
    backlog.unassigned as unassigned_in_backlog
from open_cases
full outer join backlog
    on
        open_cases.channel = backlog.channel
        and open_cases.team = backlog.team
        and open_cases.service_process = backlog.service_process
where
    coalesce(open_cases.cases, 0) <> coalesce(backlog.closing_backlog, 0)
    or coalesce(open_cases.unassigned, 0) <> coalesce(backlog.unassigned, 0)
