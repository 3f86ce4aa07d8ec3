{%- set components = health_components() -%}
{%- set commercial_parts = [
    'revenue_ratio', 'notice_share', 'renewal_ahead_share', 'payment_severity', 'payment_status', 'payment_orders'
] -%}

with

commercial as (
    select * from {{ ref('int_health_commercial') }}
),

{% for component in components if component != 'commercial' %}
    {{ component }} as (
        select * from {{ ref('int_health_' ~ component) }}
    ),

{% endfor %}
account_versions as (
    select * from {{ ref('int_account_versions') }}
),

weights as (
    select * from {{ ref('int_health_weights') }}
),

health_bands as (
    select
        {{ seed_key('segment') }} as segment,
        risk_band,
        cast(from_score as double) as from_score,
        cast(to_score as double) as to_score
    from {{ ref('health_bands') }}
),

banded_segments as (
    select distinct segment
    from health_bands
),

settings as (
    select {{ threshold('health_coverage_floor', 'decimal(18, 6)') }} as coverage_floor
),

account_spans as (
    select
        account_versions.account_id,
        {{ seed_key('account_versions.segment') }} as segment,
        cast(account_versions.valid_from as date) as known_from_on,
        cast(account_versions.valid_to as date) as known_until,
        coalesce(cast(account_versions.updated_at as date), cast('1900-01-01' as date)) as known_on
    from account_versions
),

-- One row per paying account and date, with the segment as it was known then. Which segment it is matters only where
-- that segment has weights or bands of its own.
measured as (
    select
        commercial.account_id,
        commercial.as_of_date,
        coalesce(weights.segment, 'default') as weight_segment,
        coalesce(banded_segments.segment, 'default') as band_segment,
        adoption.measure as adoption_value,
        service.measure as service_value,
        sentiment.measure as sentiment_value,
        relationship.measure as relationship_value,
        commercial.measure as commercial_value,
        {% for part in commercial_parts %}
            commercial.{{ part }},
        {% endfor %}
        greatest(
            commercial.known_on,
            adoption.known_on,
            service.known_on,
            sentiment.known_on,
            relationship.known_on,
            case
                when weights.segment <> 'default' or banded_segments.segment <> 'default' then account_spans.known_on
            end
        ) as known_on
    from commercial
    {% for component in components if component != 'commercial' %}
        left join {{ component }}
            on
                commercial.account_id = {{ component }}.account_id
                and commercial.as_of_date = {{ component }}.as_of_date
    {% endfor %}
    left join account_spans
        on
            commercial.account_id = account_spans.account_id
            and commercial.as_of_date >= account_spans.known_from_on
            and commercial.as_of_date < account_spans.known_until
    left join weights
        on account_spans.segment = weights.segment
    left join banded_segments
        on account_spans.segment = banded_segments.segment
),

{# A component without a value has no score: greatest and least would skip the null. #}
scored as (
    select
        measured.account_id,
        measured.as_of_date,
        measured.weight_segment,
        measured.band_segment,
        measured.known_on,
        {% for part in commercial_parts %}
            measured.{{ part }},
        {% endfor %}
        {% for component in components %}
            measured.{{ component }}_value,
            weights.{{ component }}_weight,
            case
                when measured.{{ component }}_value is null then null
                when weights.{{ component }}_direction = 'low_is_good'
                    then greatest(0, least(
                        100, 100 * (cast(weights.{{ component }}_high as double) - measured.{{ component }}_value)
                        / cast(weights.{{ component }}_high - weights.{{ component }}_low as double)
                    ))
                else greatest(0, least(
                    100, 100 * (measured.{{ component }}_value - cast(weights.{{ component }}_low as double))
                    / cast(weights.{{ component }}_high - weights.{{ component }}_low as double)
                ))
            end as {{ component }}_score,
        {% endfor %}
        0
        {% for component in components %}
            + case when measured.{{ component }}_value is null then 0 else weights.{{ component }}_weight end
        {% endfor %}
            as coverage
    from measured
    inner join weights
        on measured.weight_segment = weights.segment
),

contributed as (
    select
        {% for component in components %}
            case
                when
                    scored.{{ component }}_score is not null
                    and scored.coverage > 0
                    and scored.coverage >= settings.coverage_floor
                    then
                        cast(scored.{{ component }}_weight as double)
                        / cast(scored.coverage as double)
                        * scored.{{ component }}_score
            end as {{ component }}_contribution,
        {% endfor %}
        settings.coverage_floor,
        scored.*
    from scored
    cross join settings
),

-- The ninth place keeps a score that is 70 from being told as 69.99999999999999, which is another band.
totalled as (
    select
        contributed.*,
        case
            when contributed.coverage > 0 and contributed.coverage >= contributed.coverage_floor
                then cast(cast(
                    0
                    {% for component in components %}
                        + coalesce(contributed.{{ component }}_contribution, 0)
                    {% endfor %}
                    as decimal(18, 9)
                ) as double)
        end as health_score
    from contributed
),

banded as (
    select
        totalled.account_id,
        totalled.as_of_date,
        totalled.weight_segment,
        {% for component in components %}
            totalled.{{ component }}_value,
            totalled.{{ component }}_score,
            totalled.{{ component }}_weight,
            totalled.{{ component }}_contribution,
        {% endfor %}
        {% for part in commercial_parts %}
            totalled.{{ part }},
        {% endfor %}
        totalled.coverage,
        totalled.health_score,
        coalesce(health_bands.risk_band, 'unknown') as risk_band,
        totalled.known_on
    from totalled
    left join health_bands
        on
            totalled.band_segment = health_bands.segment
            and totalled.health_score >= health_bands.from_score
            and (totalled.health_score < health_bands.to_score or health_bands.to_score is null)
)

select * from banded
