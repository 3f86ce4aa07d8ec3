{{ config(meta={'dagster': {'ref': {'name': 'int_subscription_terms'}}}) }}

-- A subscription's service ends on or after the day it starts, in every version known of it; versions do not overlap.
with terms as (

    select
        *,
        lead(valid_from) over (partition by subscription_id order by valid_from) as next_valid_from
    from {{ ref('int_subscription_terms') }}

)

select
    subscription_id,
    valid_from,
    service_start_date,
    service_end_date
from terms
where
    service_end_date < service_start_date
    or valid_to <= valid_from
    or valid_to <> coalesce(next_valid_from, cast('9999-12-31' as timestamp))
