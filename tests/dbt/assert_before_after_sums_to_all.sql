{{ config(meta={'dagster': {'ref': {'name': 'self_service_before_after'}}}) }}

-- What is divided for all customers, before and after the launch of self-service, is the sum over the customer types.
with metrics as (

    select
        metric,
        customer_type = 'all' as is_total,
        sum(before_numerator) as before_numerator,
        sum(after_numerator) as after_numerator,
        count(*) as customer_types
    from {{ ref('self_service_before_after') }}
    group by metric, customer_type = 'all'

)

select
    parts.metric,
    parts.before_numerator,
    totals.before_numerator as before_numerator_of_all
from metrics as parts
left join metrics as totals
    on
        parts.metric = totals.metric
        and totals.is_total
where
    not parts.is_total
    and (
        totals.metric is null
        or totals.customer_types <> 1
        or parts.before_numerator <> totals.before_numerator
        or parts.after_numerator <> totals.after_numerator
    )
