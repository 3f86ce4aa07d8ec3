{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_case_events'}}}) }}
-- Nothing happens to a case before it was created, and a status change starts from the status that the change before it
-- led to. A warning: histories that were exported in part, or imported from another system, break it.
with

events as (
    select
        case_id,
        event_id,
        occurred_at,
        event_type,
        from_value,
        lag(to_value) over (
            partition by case_id, case when event_type in ('created', 'status') then 1 else 0 end
            order by occurred_at, event_id
        ) as earlier_value,
        min(case when event_type = 'created' then occurred_at end) over (partition by case_id) as created_at
    from {{ ref('int_case_events') }}
)

select * from events
where
    occurred_at < created_at
    or (event_type = 'status' and from_value is not null and earlier_value is not null and from_value <> earlier_value)
