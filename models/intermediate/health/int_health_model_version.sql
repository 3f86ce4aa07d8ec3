with

-- Everything that a business user can edit about the score, in an order of its own; how it is judged is none of it.
score_weights as (
    select
        concat_ws(
            '|',
            'weight',
            component,
            {{ seed_key('segment') }},
            cast(weight as {{ dbt.type_string() }}),
            cast(low as {{ dbt.type_string() }}),
            cast(high as {{ dbt.type_string() }}),
            direction
        ) as row_text
    from {{ ref('health_score_weights') }}
),

health_bands as (
    select
        concat_ws(
            '|', 'band', {{ seed_key('segment') }}, risk_band, cast(from_score as {{ dbt.type_string() }}),
            coalesce(cast(to_score as {{ dbt.type_string() }}), '')
        ) as row_text
    from {{ ref('health_bands') }}
),

thresholds as (
    select concat_ws('|', 'threshold', name, cast(cast(value as decimal(18, 6)) as {{ dbt.type_string() }})) as row_text
    from {{ ref('metric_thresholds') }}
    where
        name like 'health_%'
        and name not like 'health_backtest_%'
),

payment_troubles as (
    select
        concat_ws(
            '|', 'payment trouble', {{ seed_key('status') }}, cast(severity as {{ dbt.type_string() }})
        ) as row_text
    from {{ ref('payment_troubles') }}
),

combined as (
    select row_text from score_weights
    union all
    select row_text from health_bands
    union all
    select row_text from payment_troubles
    union all
    select row_text from thresholds
),

hashed as (
    select substring({{ dbt.hash(ordered_text('row_text')) }}, 1, 8) as model_version
    from combined
)

select * from hashed
