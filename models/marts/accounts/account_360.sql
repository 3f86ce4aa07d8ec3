with

accounts as (
    select * from {{ ref('dim_accounts') }}
),

agents as (
    select * from {{ ref('dim_agents') }}
),

-- A trial is no contract: neither its product nor its seats are sold.
subscriptions as (
    select * from {{ ref('int_subscriptions') }}
    where
        service_start_date <= {{ as_of_date() }}
        and (service_end_date is null or service_end_date > {{ as_of_date() }})
        and not coalesce(is_trial, false)
),

spells as (
    select * from {{ ref('int_service_spells') }}
),

churn as (
    select * from {{ ref('fct_churn') }}
),

usage_days as (
    select * from {{ ref('int_usage_account_days') }}
    where active_users > 0
),

health as (
    select * from {{ ref('fct_account_health') }}
    where as_of_date = {{ as_of_date() }}
),

churn_risk as (
    select * from {{ ref('account_churn_risk') }}
    where as_of_date = {{ as_of_date() }}
),

renewals as (
    select * from {{ ref('renewal_forecast') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
    where
        not is_deleted
        and not (is_closed and coalesce(close_date <= {{ as_of_date() }}, true))
),

orders as (
    select * from {{ ref('int_placed_orders') }}
    where cast(ordered_at as date) > {{ plus_months(as_of_date(), -12) }}
),

cases as (
    select * from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
),

slas as (
    select * from {{ ref('fct_case_slas') }}
    where
        is_active
        and is_breached
),

interactions as (
    select * from {{ ref('int_interactions') }}
    where deleted_at is null
),

answers as (
    select * from {{ ref('fct_survey_responses') }}
    where
        is_valid
        and responded_at is not null
        and survey_type in ('nps', 'csat', 'ces')
),

lifetime_values as (
    select * from {{ ref('account_lifetime_value') }}
),

months_of_cost as (
    select * from {{ ref('cost_to_serve_monthly') }}
    where is_complete
),

settings as (
    select {{ threshold('health_adoption_days') }} as usage_days
),

contracts as (
    select
        account_id,
        sum(seats) as seats,
        min(notice_given_on) as notice_given_on
    from subscriptions
    group by account_id
),

products as (
    select
        account_id,
        replace({{ ordered_text('product') }}, ';', ', ') as products
    from (
        select distinct
            account_id,
            product
        from subscriptions
    ) as account_products
    group by account_id
),

-- From the first day of service to the first day out of it, as in fct_churn: for those in service, the day after the
-- as-of date.
tenures as (
    select
        account_id,
        min(first_service_date) as first_service_date,
        case
            when count(ended_on) < count(*) then {{ plus_days(as_of_date(), 1) }}
            else max(ended_on)
        end as observed_until
    from spells
    group by account_id
),

losses as (
    select
        account_id,
        churned_on,
        churn_reason,
        returned_on,
        row_number() over (partition by account_id order by churned_on desc) as newest
    from churn
),

uses as (
    select
        usage_days.account_id,
        max(usage_days.usage_date) as last_used_on,
        max(case
            when {{ plus_days('usage_days.usage_date', 'settings.usage_days') }} > {{ as_of_date() }}
                then usage_days.active_users
        end) as active_users
    from usage_days
    cross join settings
    group by usage_days.account_id
),

-- What falls due on one day is one talk.
dues as (
    select
        account_id,
        due_date,
        sum(due_arr) as due_arr,
        case when count(expected_arr) = count(*) then sum(expected_arr) end as expected_arr,
        min(notice_deadline) as notice_deadline,
        row_number() over (partition by account_id order by due_date asc) as due_rank
    from renewals
    where due_date >= {{ as_of_date() }}
    group by account_id, due_date
),

overdue as (
    select
        account_id,
        count(*) as renewals,
        sum(due_arr) as due_arr
    from renewals
    where due_date < {{ as_of_date() }}
    group by account_id
),

open_opportunities as (
    select
        account_id,
        count(*) as opportunities,
        sum(amount_reporting) as amount
    from opportunities
    group by account_id
),

orders_of_year as (
    select
        account_id,
        count(*) as orders,
        sum(amount_reporting) as amount
    from orders
    group by account_id
),

case_counts as (
    select
        account_id,
        count(*) as lifetime,
        sum(case when is_open then 1 else 0 end) as open_cases,
        min(case when is_open then created_at end) as oldest_open_at,
        sum(case when cast(created_at as date) > {{ plus_days(as_of_date(), -90) }} then 1 else 0 end) as last_90_days
    from cases
    group by account_id
),

topics as (
    select
        account_id,
        topic,
        row_number() over (partition by account_id order by count(*) desc, topic asc) as topic_rank
    from cases
    where
        topic is not null
        and cast(created_at as date) > {{ plus_months(as_of_date(), -12) }}
    group by account_id, topic
),

late_slas as (
    select
        account_id,
        sum(case when commitment = 'contractual' then 1 else 0 end) as contractual,
        sum(case when commitment = 'internal' then 1 else 0 end) as internal
    from slas
    group by account_id
),

contacts as (
    select
        account_id,
        occurred_at,
        kind,
        row_number() over (partition by account_id order by occurred_at desc, interaction_id desc) as newest
    from interactions
),

ranked_answers as (
    select
        *,
        row_number() over (
            partition by account_id, survey_type
            order by responded_at desc, response_id desc
        ) as newest_of_type,
        row_number() over (
            partition by account_id, answer_group
            order by responded_at desc, response_id desc
        ) as newest_of_group
    from answers
),

opinions as (
    select
        account_id,
        max(case when survey_type = 'nps' and newest_of_type = 1 then score end) as nps_score,
        max(case when survey_type = 'nps' and newest_of_type = 1 then responded_at end) as nps_at,
        max(case when survey_type = 'csat' and newest_of_type = 1 then score end) as csat_score,
        max(case when survey_type = 'csat' and newest_of_type = 1 then scale_min end) as csat_scale_min,
        max(case when survey_type = 'csat' and newest_of_type = 1 then scale_max end) as csat_scale_max,
        max(case when survey_type = 'csat' and newest_of_type = 1 then responded_at end) as csat_at,
        max(case when answer_group = 'bad' and newest_of_group = 1 then survey_type end) as unhappy_survey_type,
        max(case when answer_group = 'bad' and newest_of_group = 1 then responded_at end) as unhappy_at
    from ranked_answers
    group by account_id
),

last_complete_months as (
    select
        case
            when {{ is_reporting_month_complete(first_of_month(last_reporting_day())) }}
                then {{ first_of_month(last_reporting_day()) }}
            else {{ plus_months(first_of_month(last_reporting_day()), -1) }}
        end as month
),

costs as (
    select
        months_of_cost.account_id,
        sum(months_of_cost.case_cost) as case_cost
    from months_of_cost
    inner join last_complete_months
        on
            months_of_cost.month <= last_complete_months.month
            and months_of_cost.month > {{ plus_months('last_complete_months.month', -12) }}
    group by months_of_cost.account_id
),

final as (
    select
        accounts.account_id,
        {{ as_of_date() }} as as_of_date,
        accounts.account_name,
        accounts.ultimate_parent_account_id,
        accounts.customer_type,
        accounts.segment,
        accounts.industry,
        accounts.region,
        accounts.country,
        accounts.owner_id,
        agents.full_name as owner_name,
        accounts.support_plan,
        accounts.service_process,
        accounts.is_active,
        accounts.customer_since,
        {{ whole_months_from_to('tenures.first_service_date', 'tenures.observed_until') }} as tenure_months,
        losses.churned_on as last_churned_on,
        losses.churn_reason as last_churn_reason,
        losses.returned_on,
        accounts.current_mrr,
        cast(accounts.current_mrr * 12 as decimal(18, 6)) as arr,
        products.products,
        cast(contracts.seats as bigint) as seats,
        cast(uses.active_users as bigint) as active_users,
        uses.last_used_on,
        contracts.notice_given_on,
        health.health_score,
        health.risk_band,
        health.trend as health_trend,
        health.main_driver as health_main_driver,
        churn_risk.churn_probability,
        churn_risk.top_drivers as churn_drivers,
        dues.due_date as next_renewal_date,
        cast(dues.due_arr as decimal(18, 6)) as next_renewal_arr,
        {{ exact_rate('dues.expected_arr', 'dues.due_arr') }} as next_renewal_probability,
        dues.notice_deadline as next_notice_deadline,
        cast(coalesce(overdue.renewals, 0) as bigint) as overdue_renewals,
        cast(coalesce(overdue.due_arr, 0) as decimal(18, 6)) as overdue_renewal_arr,
        cast(coalesce(open_opportunities.opportunities, 0) as bigint) as open_opportunities,
        cast(coalesce(open_opportunities.amount, 0) as decimal(18, 6)) as open_opportunity_amount,
        cast(coalesce(orders_of_year.orders, 0) as bigint) as orders_last_12_months,
        cast(coalesce(orders_of_year.amount, 0) as decimal(18, 6)) as order_amount_last_12_months,
        cast(coalesce(case_counts.open_cases, 0) as bigint) as open_cases,
        cast({{ days_from_to('cast(case_counts.oldest_open_at as date)', as_of_date()) }} as integer)
            as oldest_open_case_days,
        cast(coalesce(case_counts.last_90_days, 0) as bigint) as cases_last_90_days,
        cast(coalesce(case_counts.lifetime, 0) as bigint) as cases_lifetime,
        topics.topic as top_case_topic,
        cast(coalesce(late_slas.contractual, 0) as bigint) as open_contractual_sla_breaches,
        cast(coalesce(late_slas.internal, 0) as bigint) as open_internal_sla_breaches,
        contacts.occurred_at as last_interaction_at,
        contacts.kind as last_interaction_kind,
        opinions.nps_score as last_nps_score,
        opinions.nps_at as last_nps_at,
        opinions.csat_score as last_csat_score,
        opinions.csat_scale_min as last_csat_scale_min,
        opinions.csat_scale_max as last_csat_scale_max,
        opinions.csat_at as last_csat_at,
        opinions.unhappy_survey_type as last_unhappy_survey_type,
        opinions.unhappy_at as last_unhappy_answer_at,
        lifetime_values.lifetime_value,
        cast(coalesce(costs.case_cost, 0) as decimal(18, 6)) as cost_to_serve_last_12_months
    from accounts
    left join agents
        on accounts.owner_id = agents.agent_id
    left join tenures
        on accounts.account_id = tenures.account_id
    left join losses
        on
            accounts.account_id = losses.account_id
            and losses.newest = 1
    left join products
        on accounts.account_id = products.account_id
    left join contracts
        on accounts.account_id = contracts.account_id
    left join uses
        on accounts.account_id = uses.account_id
    left join health
        on accounts.account_id = health.account_id
    left join churn_risk
        on accounts.account_id = churn_risk.account_id
    left join dues
        on
            accounts.account_id = dues.account_id
            and dues.due_rank = 1
    left join overdue
        on accounts.account_id = overdue.account_id
    left join open_opportunities
        on accounts.account_id = open_opportunities.account_id
    left join orders_of_year
        on accounts.account_id = orders_of_year.account_id
    left join case_counts
        on accounts.account_id = case_counts.account_id
    left join topics
        on
            accounts.account_id = topics.account_id
            and topics.topic_rank = 1
    left join late_slas
        on accounts.account_id = late_slas.account_id
    left join contacts
        on
            accounts.account_id = contacts.account_id
            and contacts.newest = 1
    left join opinions
        on accounts.account_id = opinions.account_id
    left join lifetime_values
        on accounts.account_id = lifetime_values.account_id
    left join costs
        on accounts.account_id = costs.account_id
)

select * from final
