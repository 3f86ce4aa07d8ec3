with

agents as (
    select * from {{ ref('int_agents') }}
),

-- Who is hired after the as-of date is not there yet, and that somebody will have left by a later day is not known.
known_agents as (
    select
        agent_id,
        full_name,
        team,
        role,
        is_bot,
        hired_at,
        case when left_at < {{ as_of_end() }} then left_at end as left_at,
        source
    from agents
    where hired_at < {{ as_of_end() }} or hired_at is null
),

-- Personnel systems state days. A date without a time arrives as its first instant in UTC, which another zone would
-- move to the day before.
final as (
    select
        agent_id,
        full_name,
        team,
        role,
        is_bot,
        hired_at,
        left_at,
        {% for moment in ['hired', 'left'] %}
            case
                when {{ moment }}_at = cast(cast({{ moment }}_at as date) as timestamp)
                    then cast({{ moment }}_at as date)
                else {{ reporting_day(moment ~ '_at') }}
            end as {{ moment }}_on,
        {% endfor %}
        source
    from known_agents
)

select * from final
