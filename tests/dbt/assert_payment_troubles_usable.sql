{{ config(meta={'dagster': {'ref': {'name': 'payment_troubles'}}}) }}

-- Every row of payment_troubles names a status, once, and says how bad it is.
with

rows_read as (
    select
        severity,
        {{ seed_key('status') }} as status,
        count(*) over (partition by {{ seed_key('status') }}) as rows_of_key,
        concat('payment_troubles, status "', {{ cell_text('status') }}, '": ') as row_name
    from {{ ref('payment_troubles') }}
),

problems as (
    select
        concat(
            row_name,
            'the status is empty; expected the status of an order. Fill it in or remove the row.'
        ) as problem
    from rows_read
    where coalesce(status, '') = ''

    union all

    select
        concat(
            row_name, 'stands ', cast(rows_of_key as {{ dbt.type_string() }}),
            ' times (upper and lower case, blanks, hyphens and underscores are one); expected once. Remove the others.'
        ) as problem
    from rows_read
    where rows_of_key > 1

    union all

    select
        concat(
            row_name, 'severity is "', {{ cell_text('cast(severity as double)') }},
            '"; expected a number above 0 and up to 1. Correct it, or remove a status that is no trouble.'
        ) as problem
    from rows_read
    where severity is null or severity <= 0 or severity > 1
)

{{ fail_with_problems('problems') }}
