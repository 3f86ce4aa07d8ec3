{{ config(meta={'dagster': {'ref': {'name': 'account_360'}}}) }}

-- What the rows of all accounts say together is what the facts of listed accounts say: cases, overdue renewals, open
-- opportunities and broken targets are each in one row, and only once.
with

accounts as (
    select account_id
    from {{ ref('dim_accounts') }}
),

told as (
    select
        sum(open_cases) as open_cases,
        sum(cases_lifetime) as cases,
        sum(overdue_renewals) as overdue_renewals,
        sum(open_opportunities) as open_opportunities,
        sum(open_contractual_sla_breaches + open_internal_sla_breaches) as sla_breaches
    from {{ ref('account_360') }}
),

cases as (
    select
        sum(case when cases.is_open then 1 else 0 end) as open_cases,
        count(*) as cases
    from {{ ref('fct_cases') }} as cases
    inner join accounts
        on cases.account_id = accounts.account_id
    where
        not cases.is_deleted
        and not cases.is_merged
),

renewals as (
    select count(*) as overdue_renewals
    from {{ ref('fct_renewals') }} as renewals
    inner join accounts
        on renewals.account_id = accounts.account_id
    where
        renewals.outcome = 'pending'
        and renewals.due_date < {{ as_of_date() }}
),

opportunities as (
    select
        count(*) - coalesce(sum(
            case
                when
                    opportunities.is_closed
                    and coalesce(opportunities.close_date, {{ as_of_date() }}) <= {{ as_of_date() }}
                    then 1
            end
        ), 0) as open_opportunities
    from {{ ref('int_opportunities') }} as opportunities
    inner join accounts
        on opportunities.account_id = accounts.account_id
    where not opportunities.is_deleted
),

slas as (
    select count(*) as sla_breaches
    from {{ ref('case_slas_at_risk') }} as slas
    inner join accounts
        on slas.account_id = accounts.account_id
    where slas.is_breached
)

select
    told.*,
    cases.open_cases as fact_open_cases,
    cases.cases as fact_cases,
    renewals.overdue_renewals as fact_overdue_renewals,
    opportunities.open_opportunities as fact_open_opportunities,
    slas.sla_breaches as fact_sla_breaches
from told
cross join cases
cross join renewals
cross join opportunities
cross join slas
where
    coalesce(told.open_cases, 0) <> coalesce(cases.open_cases, 0)
    or coalesce(told.cases, 0) <> cases.cases
    or coalesce(told.overdue_renewals, 0) <> renewals.overdue_renewals
    or coalesce(told.open_opportunities, 0) <> opportunities.open_opportunities
    or coalesce(told.sla_breaches, 0) <> slas.sla_breaches
