{%- set day = as_of_day() -%}
{%- set newest_monday = day - modules.datetime.timedelta(days=day.weekday()) -%}
{%- set oldest_monday = newest_monday - modules.datetime.timedelta(weeks=var('health_weeks', 26) - 1) -%}
{%- set month_limit = var('health_months', 1200) -%}

with

terms as (
    select * from {{ ref('int_subscription_terms') }}
),

first_service as (
    select min(service_start_date) as first_service_date
    from terms
),

mondays as (
    {{ date_steps(
        "cast('" ~ oldest_monday.isoformat() ~ "' as date)",
        "cast('" ~ newest_monday.isoformat() ~ "' as date)",
        'week',
        'as_of_date'
    ) }}
),

months as (
    {{ month_spine(
        '(select first_service_date from first_service)',
        as_of_date()
    ) }}
),

month_ends as (
    select {{ plus_days(plus_months('month', 1), '-1') }} as as_of_date
    from months
    where month is not null
),

published as (
    select {{ as_of_date() }} as as_of_date

    union

    select as_of_date
    from mondays

    union

    select as_of_date
    from month_ends
    where
        as_of_date < cast('{{ oldest_monday.isoformat() }}' as date)
        and as_of_date >= {{ plus_months("cast('" ~ oldest_monday.isoformat() ~ "' as date)", '-' ~ month_limit) }}
),

-- Churn risk learns from month ends, so that what it learns does not depend on the weekday of a run: in the weeks that
-- publish Mondays, month ends are scored and not published.
scored as (
    select
        as_of_date,
        1 as is_published
    from published

    union all

    select
        as_of_date,
        0 as is_published
    from month_ends
    where
        as_of_date >= cast('{{ oldest_monday.isoformat() }}' as date)
        and as_of_date <= {{ as_of_date() }}
),

-- The trend needs the score of four weeks before each date.
needed as (
    select
        as_of_date,
        is_published
    from scored

    union all

    select
        {{ plus_days('as_of_date', '-28') }} as as_of_date,
        0 as is_published
    from scored
),

dates as (
    select
        as_of_date,
        {{ plus_days('as_of_date', '-28') }} as four_weeks_earlier,
        max(is_published) = 1 as is_published
    from needed
    group by as_of_date
)

select * from dates
