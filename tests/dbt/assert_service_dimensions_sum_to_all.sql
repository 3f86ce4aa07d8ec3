{%- set measures = [
    'cases_created', 'cases_solved', 'closing_backlog', 'resolution_seconds_sum', 'resolution_count',
    'resolution_business_seconds_sum', 'approval_wait_seconds_sum', 'approvals', 'first_reply_seconds_sum',
    'first_reply_count', 'first_reply_business_seconds_sum', 'handle_seconds_sum', 'handled_cases', 'fcr_eligible',
    'fcr_resolved', 'sla_met', 'sla_breached', 'internal_sla_met', 'internal_sla_breached', 'reopened_cases', 'cost'
] -%}
{{ config(meta={'dagster': {'ref': {'name': 'service_metrics_monthly'}}}) }}

-- Whatever dimension the service of a month is cut by, its values add up to the total.
with measures as (

    select
        month,
        dimension,
        {% for measure in measures %}
            sum({{ measure }}) as {{ measure }},
        {% endfor %}
        count(*) as dimension_values
    from {{ ref('service_metrics_monthly') }}
    group by month, dimension

),

dimensions as (

    select distinct dimension
    from measures

),

totals as (

    select * from measures
    where dimension = 'all'

)

-- every dimension is expected in every month that has a total, so a missing one fails as well
select
    totals.month,
    dimensions.dimension
from totals
cross join dimensions
left join measures
    on
        totals.month = measures.month
        and dimensions.dimension = measures.dimension
where
    measures.month is null
    {% for measure in measures %}
        or measures.{{ measure }} <> totals.{{ measure }}
    {% endfor %}
