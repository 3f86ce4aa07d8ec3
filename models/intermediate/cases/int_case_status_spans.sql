{{ config(materialized='view') }}

with

states as (
    select * from {{ ref('int_case_states') }}
),

spans as (
    select
        case_id,
        occurred_at as starts_at,
        ends_at,
        status,
        is_current
    from states
    where
        occurred_at < ends_at
        and not is_deleted
        and not is_merged
)

select * from spans
