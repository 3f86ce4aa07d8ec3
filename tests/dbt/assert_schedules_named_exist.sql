{{ config(meta={'dagster': {'ref': {'name': 'team_schedules'}}}) }}

-- Every schedule that a team or a holiday is given is one of business_schedules, and team `default` has one: without
-- it there would be no business time for their cases.
with named as (

    select
        concat('team_schedules: team "', team, '"') as named_by,
        schedule
    from {{ ref('team_schedules') }}

    union all

    select
        concat('holidays: ', cast(holiday_date as {{ dbt.type_string() }})) as named_by,
        schedule
    from {{ ref('holidays') }}

),

schedules as (

    select distinct schedule
    from {{ ref('business_schedules') }}

),

problems as (

    select
        concat(
            named.named_by, ' names schedule "', coalesce(named.schedule, ''),
            '", which business_schedules does not have. Add its hours there or name another.'
        ) as problem
    from named
    left join schedules on named.schedule = schedules.schedule
    where schedules.schedule is null

    union all

    select 'team_schedules has no row for team "default". Add one: it holds for every team without a row.' as problem
    from {{ ref('team_schedules') }}
    having count(case when team = 'default' then 1 end) = 0

)

select problem
from problems
where case when problem is not null then {{ raise_error('problem') }} end is not null
