{{ config(meta={'dagster': {'ref': {'name': 'health_bands'}}}) }}

-- The bands of a segment follow each other without gap or overlap, from 0 to beyond 100.
with

bands as (
    select
        lower(trim(segment)) as segment,
        risk_band,
        from_score,
        to_score,
        lag(to_score) over (partition by lower(trim(segment)) order by from_score) as earlier_to_score,
        row_number() over (partition by lower(trim(segment)) order by from_score) as band_number,
        lead(from_score) over (partition by lower(trim(segment)) order by from_score) as later_from_score
    from {{ ref('health_bands') }}
)

select * from bands
where
    (band_number = 1 and from_score <> 0)
    or (band_number > 1 and (earlier_to_score is null or earlier_to_score <> from_score))
    or (later_from_score is null and to_score <= 100)
