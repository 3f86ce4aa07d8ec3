{{ config(meta={'dagster': {'ref': {'name': 'team_attrition_monthly'}}}) }}

-- Who was there, plus who came, less who left, is who is there: in every month of every team, from one month to the
-- next, and at the end the agents of dim_agents who have not left.
with months as (

    select
        team,
        month,
        starting_agents,
        starting_agents + joined_agents - left_agents - joined_and_left_agents as expected_agents,
        ending_agents,
        lag(ending_agents) over (partition by team order by month) as earlier_agents,
        lead(month) over (partition by team order by month) as next_month
    from {{ ref('team_attrition_monthly') }}

),

-- In a zone ahead of UTC the last hours of the as-of date may belong to a month that has no row yet.
present as (

    select
        coalesce(team, 'unknown') as team,
        count(*) as agents
    from {{ ref('dim_agents') }}
    where
        not is_bot
        and (left_on is null or left_on >= {{ plus_months(first_of_month(as_of_date()), 1) }})
        and (hired_on is null or hired_on < {{ plus_months(first_of_month(as_of_date()), 1) }})
    group by coalesce(team, 'unknown')

)

select
    months.team,
    months.month,
    months.starting_agents,
    months.earlier_agents,
    months.ending_agents,
    months.expected_agents,
    present.agents as present_agents
from months
left join present on months.team = present.team
where
    months.ending_agents <> months.expected_agents
    or months.starting_agents <> months.earlier_agents
    or (months.next_month is null and months.ending_agents <> coalesce(present.agents, 0))
