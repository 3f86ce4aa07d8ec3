{{ config(meta={'dagster': {'ref': {'name': 'retention_monthly'}}}) }}

-- Nobody can be retained who was not there at the start, and gross retention never counts growth.
select
    'retention_monthly' as mart,
    month
from {{ ref('retention_monthly') }}
where
    retained_accounts > starting_accounts
    or gross_retained_mrr > starting_mrr
    or gross_retained_mrr > net_retained_mrr
    or starting_accounts = 0

union all

select
    'retention_cohorts' as mart,
    month
from {{ ref('retention_cohorts') }}
where
    retained_accounts > cohort_accounts
    or gross_retained_mrr > cohort_mrr
    or gross_retained_mrr > net_retained_mrr
    or (months_since_start = 0 and (retained_accounts <> cohort_accounts or net_retained_mrr <> cohort_mrr))

union all

select
    'renewal_rates_monthly' as mart,
    month
from {{ ref('renewal_rates_monthly') }}
where
    renewed_count > due_count
    or gross_renewed_arr > due_arr
    or gross_renewed_arr > net_renewed_arr
