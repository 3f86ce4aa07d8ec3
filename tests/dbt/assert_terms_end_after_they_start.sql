-- A term that ends before it starts is a slip of the keyboard in the CRM: it never counts, and somebody should mend it.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_subscriptions'}}}) }}
-- 2026-11: warns, because one mistyped contract is no reason to withhold everyone's numbers

select
    subscription_id,
    start_date,
    end_date
from {{ ref('int_subscriptions') }}
where
    end_date < start_date
    and not is_deleted
