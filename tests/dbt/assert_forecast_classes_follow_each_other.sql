{{ config(meta={'dagster': {'ref': {'name': 'renewal_lead_times'}}}) }}

-- Every number of days until due has one lead time, and every probability from 0 to 1 one band: classes follow each
-- other without gap or overlap, and those at the ends are open.
with classes as (

    select
        'lead time' as kind,
        lead_time as class_name,
        cast(from_days as double) as from_value,
        cast(to_days as double) as to_value
    from {{ ref('renewal_lead_times') }}

    union all

    select
        'probability band' as kind,
        probability_band as class_name,
        case when from_probability <> 0 then cast(from_probability as double) end as from_value,
        cast(to_probability as double) as to_value
    from {{ ref('renewal_probability_bands') }}

),

ordered as (

    select
        *,
        row_number() over (partition by kind order by coalesce(from_value, -1000000)) as class_number,
        lag(to_value) over (partition by kind order by coalesce(from_value, -1000000)) as earlier_to_value,
        lead(class_name) over (partition by kind order by coalesce(from_value, -1000000)) is null as is_last
    from classes

)

select
    kind,
    class_name
from ordered
where
    (class_number = 1) <> (from_value is null)
    or is_last <> (to_value is null)
    or (class_number > 1 and (earlier_to_value is null or earlier_to_value <> from_value))
    or from_value >= to_value
