{{ config(meta={'dagster': {'ref': {'name': 'health_bands'}}}) }}

-- The bands of a segment follow each other without gap or overlap, from 0 to beyond 100, and there are bands for every
-- segment without any of its own.
with

bands as (
    select
        {{ seed_key('segment') }} as segment,
        risk_band,
        from_score,
        to_score,
        lag(to_score) over (
            partition by {{ seed_key('segment') }} order by from_score asc, to_score asc, risk_band asc
        ) as earlier_to_score,
        lag(risk_band) over (
            partition by {{ seed_key('segment') }} order by from_score asc, to_score asc, risk_band asc
        ) as earlier_band,
        row_number() over (
            partition by {{ seed_key('segment') }} order by from_score asc, to_score asc, risk_band asc
        ) as band_number,
        count(*) over (partition by {{ seed_key('segment') }}) as bands_of_segment,
        count(*) over (partition by {{ seed_key('segment') }}, risk_band) as rows_of_key,
        concat('health_bands, segment "', {{ cell_text('segment') }}, '", band "', {{ cell_text('risk_band') }}, '": ')
            as row_name
    from {{ ref('health_bands') }}
),

problems as (
    select concat(row_name, 'the segment is empty; expected a segment, or default. Fill it in.') as problem
    from bands
    where coalesce(segment, '') = ''

    union all

    select concat(row_name, 'unknown band; expected healthy, watch or at_risk. Correct the band.') as problem
    from bands
    where risk_band is null or risk_band not in ('healthy', 'watch', 'at_risk')

    union all

    select
        concat(
            row_name, 'stands ', cast(rows_of_key as {{ dbt.type_string() }}),
            ' times; expected once. Remove the others.'
        ) as problem
    from bands
    where rows_of_key > 1

    union all

    select
        concat(
            row_name, 'from_score is "', {{ cell_text('cast(from_score as double)') }}, '" and to_score is "',
            {{ cell_text('cast(to_score as double)') }}, '"; expected from_score below to_score. Correct them.'
        ) as problem
    from bands
    where from_score is null or from_score >= to_score

    union all

    select
        concat(
            row_name, 'from_score is "', {{ cell_text('cast(from_score as double)') }},
            '"; expected 0 for the lowest band of a segment. Begin at 0.'
        ) as problem
    from bands
    where band_number = 1 and from_score <> 0

    union all

    select
        concat(
            row_name, 'from_score is "', {{ cell_text('cast(from_score as double)') }},
            '"; expected that of band "', earlier_band, '" to end there, which has to_score "',
            {{ cell_text('cast(earlier_to_score as double)') }},
            '". Close the gap, or end the overlap.'
        ) as problem
    from bands
    where band_number > 1 and (earlier_to_score is null or earlier_to_score <> from_score)

    union all

    select
        concat(
            row_name, 'to_score is "', {{ cell_text('cast(to_score as double)') }},
            '"; expected none, or one above 100, for the highest band of a segment. Leave it empty.'
        ) as problem
    from bands
    where band_number = bands_of_segment and to_score <= 100

    union all

    select
        'health_bands, segment "default": there is no such row; expected bands for every segment without any of its '
        || 'own. Add them.' as problem
    from bands
    having count(case when segment = 'default' then 1 end) = 0
)

{{ fail_with_problems('problems') }}
