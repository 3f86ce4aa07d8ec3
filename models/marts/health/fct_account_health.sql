{%- set components = health_components() -%}

with

health_scores as (
    select * from {{ ref('int_health_scores') }}
),

health_dates as (
    select * from {{ ref('int_health_dates') }}
),

model_versions as (
    select * from {{ ref('int_health_model_version') }}
),

settings as (
    select
        {{ threshold('health_trend_points', 'double') }} as trend_points,
        {{ threshold('health_driver_points', 'double') }} as driver_points,
        {{ threshold('health_adoption_days') }} as adoption_days,
        {{ threshold('health_service_days') }} as service_days,
        {{ threshold('health_sentiment_days') }} as sentiment_days,
        {{ threshold('health_relationship_days') }} as relationship_days,
        {{ threshold('health_commercial_days') }} as commercial_days
),

-- Points are rounded to nine places, or a change of exactly five would be told as 4.999999999999998, which is less.
published as (
    select
        health_scores.*,
        {% for component in components %}
            round(coalesce(
                cast(health_scores.{{ component }}_weight as double) / cast(health_scores.coverage as double)
                * (100 - health_scores.{{ component }}_score),
                0
            ), 9) as {{ component }}_points_lost,
        {% endfor %}
        health_dates.four_weeks_earlier
    from health_scores
    inner join health_dates
        on health_scores.as_of_date = health_dates.as_of_date
    where health_dates.is_published
),

compared as (
    select
        published.*,
        earlier_scores.health_score as score_4_weeks_ago,
        round(published.health_score - earlier_scores.health_score, 9) as score_change,
        greatest(published.known_on, earlier_scores.known_on) as all_known_on,
        greatest(
            {% for component in components %}
                published.{{ component }}_points_lost{{ ',' if not loop.last }}
            {% endfor %}
        ) as most_points_lost
    from published
    left join health_scores as earlier_scores
        on
            published.account_id = earlier_scores.account_id
            and published.four_weeks_earlier = earlier_scores.as_of_date
),

driven as (
    select
        compared.*,
        case
            when compared.health_score is null then 'unknown'
            when compared.most_points_lost < settings.driver_points then 'none'
            {% for component in components %}
                when compared.{{ component }}_points_lost = compared.most_points_lost then '{{ component }}'
            {% endfor %}
        end as driver,
        settings.trend_points,
        settings.adoption_days,
        settings.service_days,
        settings.sentiment_days,
        settings.relationship_days,
        settings.commercial_days
    from compared
    cross join settings
),

told as (
    select
        driven.account_id,
        driven.as_of_date,
        driven.health_score,
        driven.risk_band,
        cast(driven.coverage as double) as coverage,
        driven.score_4_weeks_ago,
        case
            when driven.score_change >= driven.trend_points then 'up'
            when driven.score_change <= -driven.trend_points then 'down'
            when driven.score_change is not null then 'flat'
        end as trend,
        {{ health_driver_words() }} as main_driver,
        model_versions.model_version,
        driven.all_known_on > driven.as_of_date as is_restated
    from driven
    cross join model_versions
)

select * from told
