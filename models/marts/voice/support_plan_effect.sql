with movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

losses as (

    select * from {{ ref('fct_churn') }}

),

spells as (

    select * from {{ ref('int_service_spells') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}
    where is_complete

),

cases as (

    select * from {{ ref('fct_cases') }}
    where not is_deleted and not is_merged

),

responses as (

    select * from {{ ref('fct_survey_responses') }}
    where
        is_valid
        and survey_type in ('csat', 'nps')
        and case_id is not null
        and answer_group in ('good', 'bad')

),

promises as (

    select * from {{ ref('support_plan_promises') }}

),

last_month as (

    select max(month) as month
    from months

),

first_month as (

    select min(month) as month
    from movements
    where opening_mrr > 0

),

-- a company that is younger than the window is looked at from its first month
period as (

    select
        greatest(
            {{ plus_months('last_month.month', '1 - ' ~ threshold('support_effect_months')) }},
            first_month.month
        ) as window_start,
        {{ plus_days(plus_months('last_month.month', 1), -1) }} as window_end,
        {{ threshold('support_effect_follow_up_days') }} as follow_up_days
    from last_month
    cross join first_month
    where last_month.month >= first_month.month

),

lost_accounts as (

    select distinct losses.account_id
    from losses
    inner join period on losses.churned_on between period.window_start and period.window_end

),

cohort as (

    select
        movements.account_id,
        movements.support_plan,
        movements.segment,
        case when lost_accounts.account_id is not null then 1 else 0 end as churned
    from movements
    inner join period on movements.month = period.window_start
    left join lost_accounts on movements.account_id = lost_accounts.account_id
    where movements.opening_mrr > 0

),

-- plans are sold to different kinds of customers: what would have left if the plan made no difference to its segments
segment_rates as (

    select
        segment,
        cast({{ exact_rate('sum(churned)', 'count(*)') }} as decimal(18, 9)) as churn_rate
    from cohort
    group by segment

),

churned as (

    select
        cohort.support_plan,
        count(*) as accounts,
        sum(cohort.churned) as churned_accounts,
        sum(segment_rates.churn_rate) as expected_churned_accounts
    from cohort
    inner join segment_rates on cohort.segment = segment_rates.segment
    group by cohort.support_plan

),

-- a promise that nobody has kept yet is broken only when its time is over
judged_cases as (

    select
        cases.support_plan,
        case when cases.first_reply_seconds <= promises.promised_first_reply_minutes * 60 then 1 else 0 end as is_kept
    from cases
    inner join period
        on {{ reporting_day('cases.created_at') }} between period.window_start and period.window_end
    inner join promises on lower(cases.support_plan) = lower(promises.support_plan)
    where
        cases.first_reply_seconds is not null
        or {{ seconds_from_to('cases.created_at', as_of_end()) }} > promises.promised_first_reply_minutes * 60

),

replied as (

    select
        support_plan,
        count(*) as promised_replies,
        sum(is_kept) as replies_within_promise
    from judged_cases
    group by support_plan

),

contacts as (

    select
        *,
        {{ reporting_day('responded_at') }} as contact_date
    from responses

),

-- whether a customer leaves after a contact is known once the days that it has for it are over
followed_contacts as (

    select
        contacts.support_plan,
        contacts.account_id,
        contacts.answer_group,
        max(
            case
                when spells.ended_on <= {{ plus_days('contacts.contact_date', 'period.follow_up_days') }} then 1
                else 0
            end
        ) as churned
    from contacts
    inner join period
        on
            contacts.contact_date between period.window_start and period.window_end
            and {{ plus_days('contacts.contact_date', 'period.follow_up_days') }} <= {{ as_of_date() }}
    inner join spells
        on
            contacts.account_id = spells.account_id
            and contacts.contact_date >= spells.started_on
            and (spells.ended_on is null or contacts.contact_date < spells.ended_on)
    group by contacts.support_plan, contacts.account_id, contacts.answer_group

),

followed as (

    select
        support_plan,
        count(case when answer_group = 'good' then 1 end) as good_contact_accounts,
        count(case when answer_group = 'good' and churned = 1 then 1 end) as churned_after_good_contact,
        count(case when answer_group = 'bad' then 1 end) as bad_contact_accounts,
        count(case when answer_group = 'bad' and churned = 1 then 1 end) as churned_after_bad_contact
    from followed_contacts
    group by support_plan

),

plans as (

    select support_plan from churned
    union distinct
    select support_plan from replied
    union distinct
    select support_plan from followed

),

counted as (

    select
        plans.support_plan,
        period.window_start,
        period.window_end,
        period.follow_up_days,
        coalesce(churned.accounts, 0) as accounts,
        coalesce(churned.churned_accounts, 0) as churned_accounts,
        churned.expected_churned_accounts,
        promises.promised_first_reply_minutes,
        coalesce(replied.promised_replies, 0) as promised_replies,
        coalesce(replied.replies_within_promise, 0) as replies_within_promise,
        coalesce(followed.good_contact_accounts, 0) as good_contact_accounts,
        coalesce(followed.churned_after_good_contact, 0) as churned_after_good_contact,
        coalesce(followed.bad_contact_accounts, 0) as bad_contact_accounts,
        coalesce(followed.churned_after_bad_contact, 0) as churned_after_bad_contact
    from plans
    cross join period
    left join churned on plans.support_plan = churned.support_plan
    left join replied on plans.support_plan = replied.support_plan
    left join followed on plans.support_plan = followed.support_plan
    left join promises on lower(plans.support_plan) = lower(promises.support_plan)

),

final as (

    select
        support_plan,
        window_start,
        window_end,
        follow_up_days,
        cast(accounts as bigint) as accounts,
        cast(churned_accounts as bigint) as churned_accounts,
        {{ exact_rate('churned_accounts', 'accounts') }} as churn_rate,
        {{ wilson_bound('churned_accounts', 'accounts', '-') }} as churn_rate_low,
        {{ wilson_bound('churned_accounts', 'accounts', '+') }} as churn_rate_high,
        {{ exact_rate('expected_churned_accounts', 'accounts') }} as churn_rate_of_same_segments,
        promised_first_reply_minutes,
        cast(promised_replies as bigint) as promised_replies,
        cast(replies_within_promise as bigint) as replies_within_promise,
        {{ exact_rate('replies_within_promise', 'promised_replies') }} as first_reply_within_promise_rate,
        cast(good_contact_accounts as bigint) as good_contact_accounts,
        cast(churned_after_good_contact as bigint) as churned_after_good_contact,
        {{ exact_rate('churned_after_good_contact', 'good_contact_accounts') }} as churn_after_good_contact_rate,
        {{ wilson_bound('churned_after_good_contact', 'good_contact_accounts', '-') }}
            as churn_after_good_contact_rate_low,
        {{ wilson_bound('churned_after_good_contact', 'good_contact_accounts', '+') }}
            as churn_after_good_contact_rate_high,
        cast(bad_contact_accounts as bigint) as bad_contact_accounts,
        cast(churned_after_bad_contact as bigint) as churned_after_bad_contact,
        {{ exact_rate('churned_after_bad_contact', 'bad_contact_accounts') }} as churn_after_bad_contact_rate,
        {{ wilson_bound('churned_after_bad_contact', 'bad_contact_accounts', '-') }}
            as churn_after_bad_contact_rate_low,
        {{ wilson_bound('churned_after_bad_contact', 'bad_contact_accounts', '+') }}
            as churn_after_bad_contact_rate_high
    from counted

)

select * from final
