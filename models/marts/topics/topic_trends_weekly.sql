with cases as (

    select
        coalesce(topic, 'unknown') as topic,
        cast({{ dbt.date_trunc('week', reporting_day('created_at')) }} as date) as week
    from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
        and created_at is not null

),

topics as (

    select
        topic,
        min(week) as first_week
    from cases
    group by topic

),

weeks as (

    {{ date_steps(
        '(select min(week) from cases)',
        '(select cast(' ~ dbt.date_trunc('week', last_reporting_day()) ~ ' as date))',
        'week',
        'week'
    ) }}

),

counted as (

    select
        topic,
        week,
        count(*) as cases
    from cases
    group by topic, week

),

-- every topic from the first week of all on: a topic that is new was there before with no cases
numbered as (

    select
        topics.topic,
        topics.first_week,
        weeks.week,
        row_number() over (partition by topics.topic order by weeks.week asc) as week_number,
        coalesce(counted.cases, 0) as cases
    from topics
    cross join weeks
    left join counted
        on
            topics.topic = counted.topic
            and weeks.week = counted.week

),

running_cases as (

    select
        *,
        week_number - {{ threshold('topic_trend_weeks') }} as level_from,
        coalesce(
            sum(cases) over (
                partition by topic
                order by week asc rows between unbounded preceding and 1 preceding
            ),
            0
        ) as cases_before
    from numbered

),

weeks_alone as (

    select
        running_cases.*,
        cast(running_cases.cases_before - level_start.cases_before as double)
        / {{ threshold('topic_trend_weeks') }} as trailing_mean
    from running_cases
    left join running_cases as level_start
        on
            running_cases.topic = level_start.topic
            and running_cases.level_from = level_start.week_number

),

-- a week counts in the levels of later ones by no more than would still have been usual: an outage would otherwise hide
-- the next one, and a year after it an ordinary week would look like growth
usual as (

    select
        *,
        cast(
            case
                when trailing_mean is null then cast(cases as double)
                else least(
                    cast(cases as double),
                    trailing_mean
                    + {{ threshold('topic_spike_z_score', 'double') }}
                    * sqrt(greatest(trailing_mean + trailing_mean / {{ threshold('topic_trend_weeks') }}, 1))
                )
            end as decimal(18, 6)
        ) as usual_cases
    from weeks_alone

),

running_usual as (

    select
        *,
        coalesce(
            sum(usual_cases) over (
                partition by topic
                order by week asc rows between unbounded preceding and 1 preceding
            ),
            0
        ) as usual_before
    from usual

),

levels as (

    select
        running_usual.*,
        cast(running_usual.usual_before - level_start.usual_before as double) as level_cases
    from running_usual
    left join running_usual as level_start
        on
            running_usual.topic = level_start.topic
            and running_usual.level_from = level_start.week_number

),

-- what is expected is `ratio` times `base_cases`: last year's week times the growth of the topic's level since, or an
-- equal part of the weeks before. The first week of all may have begun before the extracts did: it is no year's measure
based as (

    select
        levels.topic,
        levels.first_week,
        levels.week,
        levels.week_number,
        levels.cases,
        last_year.cases as last_year_cases,
        case
            when last_year.cases is not null then 'last_year'
            when levels.level_cases is not null then 'trailing_weeks'
            else 'none'
        end as expectation,
        coalesce(cast(last_year.cases as double), levels.level_cases) as base_cases,
        case
            when last_year.cases is null then 1e0 / {{ threshold('topic_trend_weeks') }}
            when last_year.level_cases is null then 1e0
            else
                (levels.level_cases + {{ threshold('topic_growth_prior_cases') }})
                / (last_year.level_cases + {{ threshold('topic_growth_prior_cases') }})
        end as ratio,
        -- relative variance of the growth
        case
            when last_year.level_cases is null then 0e0
            else
                1e0 / (levels.level_cases + {{ threshold('topic_growth_prior_cases') }})
                + 1e0 / (last_year.level_cases + {{ threshold('topic_growth_prior_cases') }})
        end as ratio_variance
    from levels
    left join levels as last_year
        on
            levels.topic = last_year.topic
            and levels.week_number - 52 = last_year.week_number
            and last_year.week_number > 1

),

-- Cases come one by one, so a count and what it is compared with are Poisson; were nothing unusual, both together would
-- be the best estimate of their common rate. The floor of one case is for topics that hardly ever come up.
scored as (

    select
        topic,
        first_week,
        week,
        week_number,
        {{ plus_days('week', 7) }} <= {{ reporting_day(as_of_end()) }} as is_complete,
        cases,
        last_year_cases,
        expectation,
        ratio * base_cases as expected_cases,
        (cases - ratio * base_cases)
        / sqrt(greatest(
            ratio * (cases + base_cases) + ratio * base_cases * ratio * base_cases * ratio_variance,
            1e0
        )) as z_score
    from based

),

judged as (

    select
        *,
        coalesce(
            z_score >= {{ threshold('topic_spike_z_score', 'double') }}
            and cases >= {{ threshold('topic_spike_minimum_cases') }},
            false
        ) as is_spike
    from scored

),

followed as (

    select
        *,
        max(case when is_spike then week_number end) over (
            partition by topic
            order by week asc rows between unbounded preceding and 1 preceding
        ) as earlier_spike
    from judged

),

-- a spike that goes on is one thing to look into, not one a week
begun as (

    select
        *,
        is_spike
        and coalesce(week_number - earlier_spike > {{ threshold('topic_spike_quiet_weeks') }}, true) as is_new_spike
    from followed

),

final as (

    select
        topic,
        week,
        is_complete,
        cast(cases as bigint) as cases,
        cast(last_year_cases as bigint) as last_year_cases,
        expectation,
        cast(expected_cases as double) as expected_cases,
        cast(z_score as double) as z_score,
        is_spike,
        is_new_spike,
        case
            when is_spike
                then max(case when is_new_spike then week end) over (
                    partition by topic
                    order by week asc rows between unbounded preceding and current row
                )
        end as spike_started_on
    from begun
    where week >= first_week

)

select * from final
