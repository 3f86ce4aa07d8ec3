{{ config(meta={'dagster': {'ref': {'name': 'account_timeline'}}}) }}

-- Of every kind the timeline has as many entries as there are facts of listed accounts: none is told twice or left
-- out. Renewals are told but for short contracts that rolled over by themselves.
with

accounts as (
    select account_id
    from {{ ref('dim_accounts') }}
),

facts as (
    select
        account_id,
        'case_opened' as kind
    from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
        and created_at is not null

    union all

    select
        cases.account_id,
        'case_reopened' as kind
    from {{ ref('fct_cases') }} as cases
    inner join {{ ref('int_case_transitions') }} as transitions
        on cases.case_id = transitions.case_id
    where
        not cases.is_deleted
        and not cases.is_merged
        and transitions.transition = 'reopened'
        and transitions.is_dated

    union all

    select
        account_id,
        'survey_answer' as kind
    from {{ ref('fct_survey_responses') }}
    where
        is_valid
        and responded_at is not null
        and survey_type in ('nps', 'csat', 'ces')

    union all

    select
        account_id,
        'interaction' as kind
    from {{ ref('int_interactions') }}
    where deleted_at is null

    union all

    select
        account_id,
        'order_placed' as kind
    from {{ ref('int_placed_orders') }}

    union all

    select
        account_id,
        'customer_left' as kind
    from {{ ref('fct_churn') }}

    union all

    select
        account_id,
        'customer_returned' as kind
    from {{ ref('fct_churn') }}
    where returned_on is not null

    union all

    select
        renewals.account_id,
        'renewal_decided' as kind
    from {{ ref('fct_renewals') }} as renewals
    inner join {{ ref('int_subscriptions') }} as subscriptions
        on renewals.subscription_id = subscriptions.subscription_id
    where
        renewals.outcome <> 'pending'
        and (
            not renewals.is_auto_renewal
            or renewals.decided_on <> renewals.due_date
            or subscriptions.term_days >= {{ threshold('account_timeline_automatic_renewal_days') }}
        )
),

expected as (
    select
        facts.kind,
        count(*) as facts
    from facts
    inner join accounts
        on facts.account_id = accounts.account_id
    group by facts.kind
),

told as (
    select
        kind,
        count(*) as entries
    from {{ ref('account_timeline') }}
    where
        kind in (
            'case_opened', 'case_reopened', 'survey_answer', 'interaction', 'order_placed', 'customer_left',
            'customer_returned', 'renewal_decided'
        )
    group by kind
)

select
    coalesce(expected.kind, told.kind) as kind,
    expected.facts,
    told.entries
from expected
full outer join told
    on expected.kind = told.kind
where coalesce(expected.facts, 0) <> coalesce(told.entries, 0)
