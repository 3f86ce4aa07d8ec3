{{ config(meta={'dagster': {'ref': {'name': 'int_case_account_versions'}}}) }}

-- At every instant a case has exactly one known version: each begins where the one before it ends.
with

spans as (
    select
        case_id,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by case_id order by valid_from) as next_valid_from
    from {{ ref('int_case_account_versions') }}
)

select * from spans
where
    valid_from >= valid_to
    or coalesce(next_valid_from, cast('9999-12-31 00:00:00' as timestamp)) <> valid_to
