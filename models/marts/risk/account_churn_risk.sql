{%- set features = churn_risk_features() -%}

with

scores as (
    select * from {{ ref('int_churn_risk_scores') }}
),

choice as (
    select * from {{ ref('int_churn_risk_choice') }}
),

coefficients as (
    select * from {{ ref('int_churn_risk_coefficients') }}
),

words as (
    select * from {{ ref('churn_risk_features') }}
),

health as (
    select * from {{ ref('fct_account_health') }}
),

settings as (
    select
        {{ threshold('churn_risk_horizon_days') }} as horizon_days,
        {{ threshold('churn_risk_driver_effect', 'double') }} as driver_effect
),

-- The same coefficients are the same version, whenever and in whatever order they were fitted.
versions as (
    select
        as_of_date,
        model,
        concat_ws(
            ' ', model, cast(max(trained_to) as {{ dbt.type_string() }}),
            substring({{ dbt.hash(ordered_text(
                "concat_ws('=', feature, cast(cast(coefficient as decimal(28, 9)) as " ~ dbt.type_string()
                ~ "), cast(cast(center as decimal(28, 9)) as " ~ dbt.type_string() ~ "))"
            )) }}, 1, 8)
        ) as model_version
    from coefficients
    group by as_of_date, model
),

chosen as (
    select
        scores.*,
        case
            when choice.model = 'logistic' and scores.logistic_probability is not null then 'logistic'
            when scores.health_score_probability is not null then 'health_score'
            when scores.constant_probability is not null then 'constant'
            else 'none'
        end as model
    from scores
    inner join choice
        on scores.as_of_date = choice.as_of_date
),

effects as (
    {% for feature in features %}
        select
            account_id,
            as_of_date,
            '{{ feature }}' as feature,
            {{ loop.index }} as feature_order,
            {{ feature }} as feature_value,
            {{ feature }}_effect as effect
        from chosen
        where model = 'logistic'
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}
),

ranked_effects as (
    select
        effects.*,
        row_number() over (
            partition by effects.account_id, effects.as_of_date
            order by round(effects.effect, 9) desc, effects.feature_order asc
        ) as effect_rank
    from effects
    cross join settings
    where round(effects.effect, 9) >= settings.driver_effect
),

-- A feature that raises the risk does so because it is high or because it is low: the sign of its coefficient says.
told as (
    select
        ranked_effects.account_id,
        ranked_effects.as_of_date,
        ranked_effects.effect_rank,
        concat(
            replace(
                case when coefficients.coefficient > 0 then words.when_high else words.when_low end,
                '{days}',
                cast(settings.horizon_days as {{ dbt.type_string() }})
            ),
            case words.unit
                when 'percent' then concat(' (', {{ whole_number_text('100 * ranked_effects.feature_value') }}, ' %)')
                when 'points'
                    then concat(' (', {{ whole_number_text('100 * ranked_effects.feature_value') }}, ' points)')
                when 'number' then concat(' (', {{ whole_number_text('ranked_effects.feature_value') }}, ')')
                else ''
            end
        ) as driver_text
    from ranked_effects
    cross join settings
    inner join words
        on ranked_effects.feature = words.feature
    inner join coefficients
        on
            ranked_effects.as_of_date = coefficients.as_of_date
            and ranked_effects.feature = coefficients.feature
            and coefficients.model = 'logistic'
    where ranked_effects.effect_rank <= 3
),

drivers as (
    select
        account_id,
        as_of_date,
        concat_ws(
            '; ',
            max(case when effect_rank = 1 then driver_text end),
            max(case when effect_rank = 2 then driver_text end),
            max(case when effect_rank = 3 then driver_text end)
        ) as top_drivers
    from told
    group by account_id, as_of_date
),

probabilities as (
    select
        *,
        case model
            when 'logistic' then logistic_probability
            when 'health_score' then health_score_probability
            when 'constant' then constant_probability
        end as churn_probability
    from chosen
),

final as (
    select
        probabilities.account_id,
        probabilities.as_of_date,
        settings.horizon_days,
        probabilities.churn_probability,
        cast(case
            when probabilities.model in ('logistic', 'health_score')
                then
                    row_number() over (
                        partition by probabilities.as_of_date
                        order by
                            probabilities.churn_probability desc,
                            probabilities.revenue desc,
                            probabilities.account_id asc
                    )
        end as integer) as risk_rank,
        case
            when probabilities.model = 'logistic' then coalesce(drivers.top_drivers, 'nothing raises the risk')
            when probabilities.model = 'health_score' then health.main_driver
        end as top_drivers,
        probabilities.model,
        versions.model_version,
        probabilities.is_churned
    from probabilities
    cross join settings
    left join versions
        on
            probabilities.as_of_date = versions.as_of_date
            and probabilities.model = versions.model
    left join drivers
        on
            probabilities.account_id = drivers.account_id
            and probabilities.as_of_date = drivers.as_of_date
    left join health
        on
            probabilities.account_id = health.account_id
            and probabilities.as_of_date = health.as_of_date
)

select * from final
