{% set scores = ['csat', 'quality_review', 'engagement'] %}

with

agents as (
    select * from {{ ref('dim_agents') }}
),

case_events as (
    select * from {{ ref('int_case_events') }}
),

replies as (
    select * from {{ ref('int_case_messages') }}
    where is_reply
),

cases as (
    select * from {{ ref('fct_cases') }}
    where not is_deleted and not is_merged
),

interactions as (
    select * from {{ ref('int_interactions') }}
    where
        deleted_at is null
        and owner_id is not null
),

responses as (
    select * from {{ ref('fct_survey_responses') }}
    where
        is_on_leading_scale
        and survey_type in ('csat', 'quality_review', 'engagement')
),

-- Moments at which it matters who held a case: its last solving, and answers about it that name nobody.
moments as (
    select
        concat('case ', case_id) as moment_id,
        case_id,
        assignee_id,
        last_solved_at as happened_at
    from cases
    where last_solved_at is not null

    union all

    select
        concat('response ', responses.response_id) as moment_id,
        responses.case_id,
        cases.assignee_id,
        responses.responded_at as happened_at
    from responses
    inner join cases
        on responses.case_id = cases.case_id
    where
        responses.agent_id is null
        and responses.survey_type = 'csat'
),

-- The last assignment up to the moment tells who held the case; before the first one, what that one changed it from.
nearest_assignments as (
    select
        moments.moment_id,
        moments.case_id,
        moments.happened_at,
        case
            when assignments.event_id is null then moments.assignee_id
            when assignments.occurred_at <= moments.happened_at then assignments.to_value
            else assignments.from_value
        end as holder_id,
        row_number() over (
            partition by moments.moment_id
            order by
                case when assignments.occurred_at <= moments.happened_at then 0 else 1 end asc,
                case when assignments.occurred_at <= moments.happened_at then assignments.occurred_at end desc,
                case when assignments.occurred_at <= moments.happened_at then assignments.event_id end desc,
                assignments.occurred_at asc,
                assignments.event_id asc
        ) as nearness
    from moments
    left join case_events as assignments
        on
            moments.case_id = assignments.case_id
            and assignments.event_type = 'assignment'
),

-- A case that nobody held was solved by who set its status.
solvers as (
    select
        case_id,
        occurred_at,
        max(actor_id) as actor_id
    from case_events
    where
        event_type = 'status'
        and actor_type = 'agent'
        and {{ is_solved_status('to_value') }}
    group by case_id, occurred_at
),

holders as (
    select
        nearest_assignments.moment_id,
        nearest_assignments.happened_at,
        coalesce(nearest_assignments.holder_id, solvers.actor_id) as agent_id
    from nearest_assignments
    left join solvers
        on
            nearest_assignments.case_id = solvers.case_id
            and nearest_assignments.happened_at = solvers.occurred_at
    where nearest_assignments.nearness = 1
),

solved as (
    select
        agent_id,
        {{ first_of_month(reporting_day('happened_at')) }} as month,
        count(*) as cases_solved
    from holders
    where moment_id like 'case %'
    group by agent_id, {{ first_of_month(reporting_day('happened_at')) }}
),

-- Work on a case that was deleted or merged afterwards filled a day like any other.
days_of_work as (
    select
        actor_id as agent_id,
        {{ reporting_day('occurred_at') }} as worked_on
    from case_events
    where
        actor_type = 'agent'
        and actor_id is not null

    union

    select
        owner_id as agent_id,
        {{ reporting_day('occurred_at') }} as worked_on
    from interactions
),

worked as (
    select
        agent_id,
        {{ first_of_month('worked_on') }} as month,
        count(*) as days_worked
    from days_of_work
    group by agent_id, {{ first_of_month('worked_on') }}
),

handling as (
    select
        case_events.case_id,
        cases.channel,
        case_events.actor_id as agent_id,
        case_events.occurred_at,
        case_events.handle_seconds
    from case_events
    inner join cases
        on case_events.case_id = cases.case_id
    where
        case_events.actor_type = 'agent'
        and case_events.handle_seconds > 0
),

handled as (
    select
        agent_id,
        {{ first_of_month(reporting_day('occurred_at')) }} as month,
        sum(handle_seconds) as handle_seconds_sum,
        count(distinct case_id) as handled_cases
    from handling
    group by agent_id, {{ first_of_month(reporting_day('occurred_at')) }}
),

-- A chat in a case counts once for each agent who wrote or talked in it, in the month in which they first did.
chats as (
    select
        replies.actor_id as agent_id,
        replies.case_id,
        replies.occurred_at
    from replies
    inner join cases
        on replies.case_id = cases.case_id
    where cases.channel = 'chat'

    union all

    select
        agent_id,
        case_id,
        occurred_at
    from handling
    where channel = 'chat'

    union all

    select
        owner_id as agent_id,
        concat('interaction ', interaction_id) as case_id,
        occurred_at
    from interactions
    where kind = 'chat'
),

first_chats as (
    select
        agent_id,
        case_id,
        min(occurred_at) as occurred_at
    from chats
    group by agent_id, case_id
),

chatted as (
    select
        agent_id,
        {{ first_of_month(reporting_day('occurred_at')) }} as month,
        count(*) as chats_handled
    from first_chats
    group by agent_id, {{ first_of_month(reporting_day('occurred_at')) }}
),

answers as (
    select
        coalesce(responses.agent_id, holders.agent_id) as agent_id,
        {{ first_of_month(reporting_day('responses.responded_at')) }} as month,
        responses.survey_type,
        responses.score,
        responses.scale_min,
        responses.scale_max
    from responses
    left join holders
        on concat('response ', responses.response_id) = holders.moment_id
),

scored as (
    select
        agent_id,
        {% for score in scores %}
            count(case when survey_type = '{{ score }}' then 1 end) as {{ score }}_responses,
            sum(case when survey_type = '{{ score }}' then cast(score as decimal(18, 6)) end) as {{ score }}_score_sum,
            max(case when survey_type = '{{ score }}' then scale_min end) as {{ score }}_scale_min,
            max(case when survey_type = '{{ score }}' then scale_max end) as {{ score }}_scale_max,
        {% endfor %}
        month
    from answers
    group by agent_id, month
),

agent_months as (
    {% for part in ['solved', 'worked', 'handled', 'chatted', 'scored'] %}
        select
            agent_id,
            month
        from {{ part }}
        {{ 'union' if not loop.last }}
    {% endfor %}
),

measured as (
    select
        agent_months.agent_id,
        agent_months.month,
        agents.team,
        coalesce(solved.cases_solved, 0) as cases_solved,
        coalesce(worked.days_worked, 0) as days_worked,
        {{ exact_rate('coalesce(solved.cases_solved, 0)', 'worked.days_worked') }} as cases_per_day,
        coalesce(chatted.chats_handled, 0) as chats_handled,
        coalesce(handled.handle_seconds_sum, 0) as handle_seconds_sum,
        coalesce(handled.handled_cases, 0) as handled_cases,
        {% for score in scores %}
            coalesce(scored.{{ score }}_responses, 0) as {{ score }}_responses,
            coalesce(scored.{{ score }}_score_sum, 0) as {{ score }}_score_sum,
            {{ exact_rate('scored.' ~ score ~ '_score_sum', 'scored.' ~ score ~ '_responses') }} as {{ score }}_score,
            scored.{{ score }}_scale_min,
            scored.{{ score }}_scale_max,
        {% endfor %}
        {{ exact_rate('handled.handle_seconds_sum', 'handled.handled_cases') }} as average_handle_seconds
    from agent_months
    left join agents
        on agent_months.agent_id = agents.agent_id
    left join solved
        on
            agent_months.agent_id = solved.agent_id
            and agent_months.month = solved.month
    left join worked
        on
            agent_months.agent_id = worked.agent_id
            and agent_months.month = worked.month
    left join handled
        on
            agent_months.agent_id = handled.agent_id
            and agent_months.month = handled.month
    left join chatted
        on
            agent_months.agent_id = chatted.agent_id
            and agent_months.month = chatted.month
    left join scored
        on
            agent_months.agent_id = scored.agent_id
            and agent_months.month = scored.month
    where
        agent_months.agent_id is not null
        and not coalesce(agents.is_bot, false)
),

team_medians as (
    select
        team,
        month,
        percentile_cont(0.5) within group (order by cases_per_day asc) as team_median_cases_per_day,
        percentile_cont(0.5) within group (order by average_handle_seconds asc) as team_median_handle_seconds
    from measured
    group by team, month
),

final as (
    select
        measured.agent_id,
        measured.month,
        measured.team,
        {{ is_reporting_month_complete('measured.month') }} as is_complete,
        cast(measured.cases_solved as bigint) as cases_solved,
        cast(measured.days_worked as bigint) as days_worked,
        measured.cases_per_day,
        cast(measured.chats_handled as bigint) as chats_handled,
        cast(measured.handle_seconds_sum as bigint) as handle_seconds_sum,
        cast(measured.handled_cases as bigint) as handled_cases,
        measured.average_handle_seconds,
        {% for score in scores %}
            cast(measured.{{ score }}_responses as bigint) as {{ score }}_responses,
            cast(measured.{{ score }}_score_sum as decimal(38, 6)) as {{ score }}_score_sum,
            measured.{{ score }}_score,
            cast(measured.{{ score }}_scale_min as decimal(18, 6)) as {{ score }}_scale_min,
            cast(measured.{{ score }}_scale_max as decimal(18, 6)) as {{ score }}_scale_max,
        {% endfor %}
        team_medians.team_median_cases_per_day,
        team_medians.team_median_handle_seconds,
        measured.cases_per_day / nullif(team_medians.team_median_cases_per_day, 0) as vs_team
    from measured
    left join team_medians
        on
            measured.team = team_medians.team
            and measured.month = team_medians.month
)

select * from final
