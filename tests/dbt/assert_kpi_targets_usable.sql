{{ config(meta={'dagster': {'ref': {'name': 'kpi_targets'}}}) }}

-- Every row of kpi_targets names a KPI and a period that it has, and says in full what is aimed at, by whom and by
-- when; of one KPI one target holds at a time.
with known_kpis as (

    {{ known_kpis() }}

),

targets as (

    select
        kpi_targets.*,
        known_kpis.kpi as known_kpi,
        coalesce(known_kpis.only_period, kpi_targets.period) as period_there,
        {{ to_date('kpi_targets.starts_on') }} as starts_date,
        {{ to_date('kpi_targets.due_on') }} as due_date
    from {{ ref('kpi_targets') }} as kpi_targets
    left join known_kpis on kpi_targets.kpi = known_kpis.kpi

),

ordered as (

    select
        *,
        lag(due_date) over (partition by kpi order by starts_date, due_date) as previous_due_date
    from targets

),

judged as (

    select
        *,
        case
            when known_kpi is null then 'is no KPI of macros/scorecard.sql; correct the name or add the KPI there'
            when coalesce(trim(goal), '') = '' then 'goal is empty; say in words what is to be reached'
            when coalesce(trim(owner), '') = '' then 'owner is empty; name the role that answers for it'
            when {{ to_decimal('target') }} is null
                then concat('target is "', coalesce(target, ''), '"; expected a number such as 0.92')
            when coalesce(direction, '') not in ('high_is_good', 'low_is_good')
                then concat('direction is "', coalesce(direction, ''), '"; expected high_is_good or low_is_good')
            when not {{ matches("coalesce(period, '')", '^(' ~ kpi_periods().keys() | join('|') ~ ')$') }}
                then concat(
                    'period is "', coalesce(period, ''),
                    '"; expected {{ kpi_periods().keys() | join(", ") }}'
                )
            when period <> period_there
                then concat('period is "', period, '"; this KPI has ', period_there, ' only')
            when not {{ matches("coalesce(unit, '')", '^(' ~ kpi_units() | join('|') ~ ')$') }}
                then concat(
                    'unit is "', coalesce(unit, ''),
                    '"; expected {{ kpi_units() | join(", ") }}'
                )
            when starts_date is null
                then concat('starts_on is "', coalesce(starts_on, ''), '"; expected an ISO date such as 2026-01-01')
            when due_date is null
                then concat('due_on is "', coalesce(due_on, ''), '"; expected an ISO date such as 2026-12-31')
            when due_date < starts_date
                then concat('due_on ', due_on, ' is before starts_on')
            when starts_date <= previous_due_date
                then 'begins before the KPI''s earlier target is due; one target holds at a time'
        end as problem
    from ordered

)

select kpi
from judged
where
    case
        when problem is not null
            then {{ raise_error("concat('kpi_targets, kpi \"', coalesce(kpi, ''), '\", starts_on ', "
                ~ "coalesce(starts_on, ''), ': ', problem, '.')") }}
    end is not null
