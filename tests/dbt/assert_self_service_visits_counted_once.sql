{{ config(meta={'dagster': {'ref': {'name': 'self_service_monthly'}}}) }}

-- Every visit to self-service and every case is in one month and customer type; a visit has one outcome and resolves at
-- most once.
with events as (

    select coalesce(session_id, 'event:' || event_id) as visit_id
    from {{ ref('stg_generic__self_service_events') }}
    where occurred_at < {{ as_of_end() }}

),

visits as (

    select count(distinct visit_id) as visits
    from events

),

cases as (

    select count(*) as cases
    from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
        and created_at is not null

),

totals as (

    select
        coalesce(sum(self_service_sessions), 0) as visits,
        coalesce(sum(cases), 0) as cases
    from {{ ref('self_service_monthly') }}

)

select
    cast(null as date) as month,
    'all' as customer_type,
    totals.visits,
    totals.cases
from totals
cross join visits
cross join cases
where
    totals.visits <> visits.visits
    or totals.cases <> cases.cases

union all

select
    month,
    customer_type,
    self_service_sessions as visits,
    cases
from {{ ref('self_service_monthly') }}
where
    self_service_sessions <> sessions_without_case + sessions_with_case + pending_sessions + anonymous_sessions
    or self_service_resolutions > self_service_sessions
