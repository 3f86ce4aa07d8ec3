{{ config(meta={'dagster': {'ref': {'name': 'metric_thresholds'}}}) }}

-- Every threshold that a model asks for by name stands in seed metric_thresholds: a missing one would turn rows into
-- nulls.
with needed as (

    select 'renewal_on_time_days' as name
    union all
    select 'renewal_merge_days' as name
    union all
    select 'renewal_grace_days' as name
    union all
    select 'ltv_churn_months' as name

)

select needed.name
from needed
left join {{ ref('metric_thresholds') }} as thresholds on needed.name = thresholds.name
where thresholds.value is null
