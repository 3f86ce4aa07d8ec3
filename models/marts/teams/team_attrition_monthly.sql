with

agents as (
    select
        *,
        coalesce(team, 'unknown') as team_name,
        {{ first_of_month('hired_on') }} as hired_month,
        {{ first_of_month('left_on') }} as left_month
    from {{ ref('dim_agents') }}
    where not is_bot
),

cases as (
    select * from {{ ref('fct_cases') }}
),

interactions as (
    select * from {{ ref('int_interactions') }}
),

responses as (
    select * from {{ ref('fct_survey_responses') }}
    where
        survey_type = 'engagement'
        and is_on_leading_scale
),

-- Who left before the extracts begin is in no list of agents: months before the first trace of work, or of a leaving,
-- would show that nobody ever left.
first_months as (
    select {{ first_of_month(reporting_day('min(created_at)')) }} as month
    from cases

    union all

    select {{ first_of_month(reporting_day('min(occurred_at)')) }} as month
    from interactions

    union all

    select min(left_month) as month
    from agents
),

months as (
    {{ month_spine(
        "(select coalesce(min(first_months.month), (select min(agents.hired_month) from agents)) from first_months)",
        as_of_date()
    ) }}
),

teams as (
    select distinct team_name
    from agents
),

team_months as (
    select
        teams.team_name,
        months.month
    from teams
    cross join months
),

-- An agent without a first day was always there.
agent_months as (
    select
        team_months.team_name,
        team_months.month,
        agents.agent_id,
        coalesce(agents.hired_month < team_months.month, true) as was_there,
        coalesce(agents.hired_month = team_months.month, false) as joined,
        coalesce(agents.left_month = team_months.month, false) as departed
    from team_months
    left join agents
        on
            team_months.team_name = agents.team_name
            and (team_months.month >= agents.hired_month or agents.hired_month is null)
            and (team_months.month <= agents.left_month or agents.left_month is null)
),

counted as (
    select
        team_name,
        month,
        count(case when was_there then agent_id end) as starting_agents,
        count(case when joined then agent_id end) as joined_agents,
        count(case when was_there and departed then agent_id end) as left_agents,
        count(case when joined and departed then agent_id end) as joined_and_left_agents,
        count(case when not departed then agent_id end) as ending_agents
    from agent_months
    group by team_name, month
),

engagement as (
    select
        agents.team_name,
        {{ first_of_month(reporting_day('responses.responded_at')) }} as month,
        count(*) as engagement_responses,
        sum(cast(responses.score as decimal(18, 6))) as engagement_score_sum,
        max(responses.scale_min) as engagement_scale_min,
        max(responses.scale_max) as engagement_scale_max
    from responses
    inner join agents
        on responses.agent_id = agents.agent_id
    group by agents.team_name, {{ first_of_month(reporting_day('responses.responded_at')) }}
),

final as (
    select
        counted.team_name as team,
        counted.month,
        {{ is_reporting_month_complete('counted.month') }} as is_complete,
        cast(counted.starting_agents as bigint) as starting_agents,
        cast(counted.joined_agents as bigint) as joined_agents,
        cast(counted.left_agents as bigint) as left_agents,
        cast(counted.joined_and_left_agents as bigint) as joined_and_left_agents,
        cast(counted.ending_agents as bigint) as ending_agents,
        {{ exact_rate('counted.left_agents', 'counted.starting_agents') }} as attrition_rate,
        cast(coalesce(engagement.engagement_responses, 0) as bigint) as engagement_responses,
        cast(coalesce(engagement.engagement_score_sum, 0) as decimal(38, 6)) as engagement_score_sum,
        {{ exact_rate('engagement.engagement_score_sum', 'engagement.engagement_responses') }} as engagement_score,
        cast(engagement.engagement_scale_min as decimal(18, 6)) as engagement_scale_min,
        cast(engagement.engagement_scale_max as decimal(18, 6)) as engagement_scale_max
    from counted
    left join engagement
        on
            counted.team_name = engagement.team_name
            and counted.month = engagement.month
)

select * from final
