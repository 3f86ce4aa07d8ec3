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
        {{ threshold('health_relationship_days') }} as relationship_days,
        {{ threshold('health_commercial_days') }} as commercial_days,
        {{ threshold('health_renewal_ahead_days') }} as renewal_ahead_days,
        {{ threshold('health_renewal_ahead_weight', 'double') }} as renewal_ahead_weight,
        {{ threshold('health_payment_weight', 'double') }} as payment_weight
),

published as (
    select
        health_scores.*,
        health_dates.four_weeks_earlier
    from health_scores
    inner join health_dates
        on health_scores.as_of_date = health_dates.as_of_date
    where health_dates.is_published
),

{#- Points are rounded to nine places, or a change of exactly five would be told as 4.999999999999998, which is less.

    What a component moved is what it puts above or takes below the earlier score, now against then. Together these
    are the change of the score; where the same components are known with the same weights, they are the changes of
    the contributions. Where a component ran out, the others' contributions grow by its weight alone, which is no
    news of theirs: measured from the earlier score, that is next to nothing. #}

compared as (
    select
        published.*,
        {% for component in components %}
            round(coalesce(
                cast(published.{{ component }}_weight as double) / cast(published.coverage as double)
                * (100 - published.{{ component }}_score),
                0
            ), 9) as {{ component }}_points_lost,
            round(
                coalesce(
                    cast(published.{{ component }}_weight as double) / cast(published.coverage as double)
                    * (published.{{ component }}_score - earlier_scores.health_score),
                    0
                )
                - coalesce(
                    cast(earlier_scores.{{ component }}_weight as double) / cast(earlier_scores.coverage as double)
                    * (earlier_scores.{{ component }}_score - earlier_scores.health_score),
                    0
                ),
                9
            ) as {{ component }}_points_moved,
            earlier_scores.{{ component }}_value as earlier_{{ component }}_value,
        {% endfor %}
        {% for part in ['revenue_ratio', 'notice_share', 'renewal_ahead_share', 'payment_orders', 'payment_status'] %}
            earlier_scores.{{ part }} as earlier_{{ part }},
        {% endfor %}
        earlier_scores.health_score as score_4_weeks_ago,
        round(published.health_score - earlier_scores.health_score, 9) as score_change,
        case when published.health_score < earlier_scores.health_score then -1 else 1 end as direction,
        greatest(published.known_on, earlier_scores.known_on) as all_known_on,
        round(settings.payment_weight * published.payment_severity, 9) as payment_taken,
        round(settings.renewal_ahead_weight * published.renewal_ahead_share, 9) as renewal_taken,
        round(published.revenue_ratio * published.notice_share, 9) as notice_taken,
        round(1 - published.revenue_ratio, 9) as shrunk,
        round(
            settings.payment_weight * (earlier_scores.payment_severity - published.payment_severity), 9
        ) as payment_moved,
        round(
            settings.renewal_ahead_weight * (earlier_scores.renewal_ahead_share - published.renewal_ahead_share), 9
        ) as renewal_moved,
        round(
            earlier_scores.revenue_ratio * earlier_scores.notice_share
            - published.revenue_ratio * published.notice_share,
            9
        ) as notice_moved,
        round(published.revenue_ratio - earlier_scores.revenue_ratio, 9) as revenue_moved,
        settings.*
    from published
    cross join settings
    left join health_scores as earlier_scores
        on
            published.account_id = earlier_scores.account_id
            and published.four_weeks_earlier = earlier_scores.as_of_date
),

judged as (
    select
        compared.*,
        greatest(
            {% for component in components %}
                compared.{{ component }}_points_lost{{ ',' if not loop.last }}
            {% endfor %}
        ) as most_points_lost,
        greatest(
            {% for component in components %}
                compared.direction * compared.{{ component }}_points_moved{{ ',' if not loop.last }}
            {% endfor %}
        ) as most_points_moved,
        greatest(
            compared.direction * compared.payment_moved,
            compared.direction * compared.renewal_moved,
            compared.direction * (compared.notice_moved + compared.revenue_moved)
        ) as most_commercial_moved,
        case
            when compared.score_change >= compared.trend_points then 'up'
            when compared.score_change <= -compared.trend_points then 'down'
            when compared.score_change is not null then 'flat'
        end as trend
    from compared
),

{#- A lost customer's notice has come to its end: then revenue falls by as much as notice gives back, and neither moved
    the component. So the two are told of as one, unless notice was given. #}

driven as (
    select
        judged.*,
        case
            when judged.health_score is null then 'unknown'
            when judged.most_points_lost < judged.driver_points then 'none'
            {% for component in components %}
                when judged.{{ component }}_points_lost = judged.most_points_lost then '{{ component }}'
            {% endfor %}
        end as driver,
        case greatest(0, judged.payment_taken, judged.renewal_taken, judged.notice_taken, judged.shrunk)
            when 0 then 'revenue'
            when judged.payment_taken then 'payment'
            when judged.renewal_taken then 'renewal'
            when judged.notice_taken then 'notice'
            else 'revenue'
        end as commercial_driver,
        case
            when judged.trend is null then null
            when judged.trend = 'flat' or judged.score_change = 0 then 'none'
            {% for component in components %}
                when judged.direction * judged.{{ component }}_points_moved = judged.most_points_moved
                    then '{{ component }}'
            {% endfor %}
        end as mover,
        case
            when judged.direction * judged.payment_moved = judged.most_commercial_moved then 'payment'
            when judged.direction * judged.renewal_moved = judged.most_commercial_moved then 'renewal'
            when judged.direction < 0 and judged.notice_moved < least(0, judged.revenue_moved) then 'notice'
            else 'revenue'
        end as commercial_mover
    from judged
),

told as (
    select
        driven.account_id,
        driven.as_of_date,
        driven.health_score,
        driven.risk_band,
        cast(driven.coverage as double) as coverage,
        driven.score_4_weeks_ago,
        driven.trend,
        {{ health_driver_words() }} as main_driver,
        {{ health_trend_words() }} as trend_driver,
        model_versions.model_version,
        driven.all_known_on > driven.as_of_date as is_restated
    from driven
    cross join model_versions
)

select * from told
