{%- set currency = "' " ~ var('reporting_currency') ~ "'" -%}

with

accounts as (
    select * from {{ ref('dim_accounts') }}
),

agents as (
    select * from {{ ref('dim_agents') }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions') }}
    where
        service_start_date <= {{ as_of_date() }}
        and (service_end_date is null or service_end_date > service_start_date)
),

reasons as (
    select * from {{ ref('churn_reasons') }}
),

renewals as (
    select * from {{ ref('fct_renewals') }}
    where outcome <> 'pending'
),

contracts as (
    select * from {{ ref('int_subscriptions') }}
),

churn as (
    select * from {{ ref('fct_churn') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
    where
        not is_deleted
        and is_closed
),

orders as (
    select * from {{ ref('int_placed_orders') }}
),

cases as (
    select * from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
),

transitions as (
    select * from {{ ref('int_case_transitions') }}
    where
        is_dated
        and transition in ('created', 'solved', 'reopened')
),

answers as (
    select * from {{ ref('fct_survey_responses') }}
    where
        is_valid
        and survey_type in ('nps', 'csat', 'ces')
),

interactions as (
    select * from {{ ref('int_interactions') }}
    where deleted_at is null
),

-- Health is told by the month and on the as-of date: the weekly dates that are published change from run to run.
health as (
    select * from {{ ref('int_health_scores') }}
    where
        as_of_date = {{ as_of_date() }}
        or as_of_date = {{ plus_days(plus_months(first_of_month('as_of_date'), 1), -1) }}
),

settings as (
    select {{ threshold('account_timeline_automatic_renewal_days') }} as automatic_renewal_days
),

-- A reason that seed churn_reasons does not know may be anybody's words, and is not shown.
described_subscriptions as (
    select
        subscriptions.*,
        case when subscriptions.is_trial then 'Trial of ' else '' end || coalesce(subscriptions.product, 'subscription')
            as subject,
        'reason: ' || {{ plain_words('reasons.cancel_reason') }} as reason
    from subscriptions
    left join reasons
        on {{ seed_key('subscriptions.cancel_reason') }} = reasons.cancel_reason
),

subscriptions_started as (
    select
        account_id,
        cast(service_start_date as timestamp) as occurred_at,
        '50-subscription_started:' || subscription_id as entry_id,
        'subscription_started' as kind,
        subject || case when renewed_from_id is null then ' started' else ' goes on under a new contract' end as title,
        {{ told_parts([
            "case when mrr_native <> 0 then " ~ amount_text('amount')
            ~ " || ' ' || currency || ' a ' || billing_period end",
            counted_text('seats', 'seat'),
            "'plan ' || plan",
            "'term to ' || cast(end_date as " ~ dbt.type_string() ~ ")",
        ]) }} as detail,
        subscription_id as reference_id
    from described_subscriptions
),

-- What a successor takes over on the day has not ended for the customer.
subscriptions_ended as (
    select
        account_id,
        cast(service_end_date as timestamp) as occurred_at,
        '40-subscription_ended:' || subscription_id as entry_id,
        'subscription_ended' as kind,
        subject || ' ended' as title,
        {{ told_parts([
            "'last day of service ' || cast(" ~ plus_days('service_end_date', -1) ~ " as " ~ dbt.type_string() ~ ")",
            "reason",
        ]) }} as detail,
        subscription_id as reference_id
    from described_subscriptions
    where
        service_end_date <= {{ as_of_date() }}
        and (successor_start_date is null or successor_start_date <> service_end_date)
),

notices_given as (
    select
        account_id,
        cast(notice_given_on as timestamp) as occurred_at,
        '20-notice_given:' || subscription_id as entry_id,
        'notice_given' as kind,
        'Notice given on ' || subject as title,
        {{ told_parts([
            "'last day of service ' || cast(" ~ plus_days('service_end_date', -1) ~ " as " ~ dbt.type_string() ~ ")",
            "reason",
        ]) }} as detail,
        subscription_id as reference_id
    from described_subscriptions
    where notice_given_on <= {{ as_of_date() }}
),

-- A short contract that rolls over every month is nobody's decision and would hide what is.
decided_renewals as (
    select
        renewals.*,
        coalesce(' for ' || {{ counted_text('coalesce(successors.term_months, contracts.term_months)', 'month') }}, '')
            as term_text,
        {{ amount_text('renewals.due_arr') }} as due_text,
        {{ amount_text('renewals.renewed_arr') }} as renewed_text
    from renewals
    cross join settings
    inner join contracts
        on renewals.subscription_id = contracts.subscription_id
    left join contracts as successors
        on renewals.renewed_by_subscription_id = successors.subscription_id
    where
        not renewals.is_auto_renewal
        or renewals.days_from_due <> 0
        or contracts.term_days >= settings.automatic_renewal_days
),

renewals_decided as (
    select
        account_id,
        cast(decided_on as timestamp) as occurred_at,
        '30-renewal_decided:' || subscription_id || ':' || cast(due_date as {{ dbt.type_string() }}) as entry_id,
        'renewal_decided' as kind,
        case
            when outcome = 'churned' then 'Not renewed: ' || due_text
            when due_text = renewed_text
                then
                    case when is_auto_renewal and days_from_due = 0 then 'Renewed by itself' else 'Renewed' end
                    || term_text || ': ' || due_text
            else 'Renewed' || term_text || ': ' || due_text || ' → ' || renewed_text
        end || {{ currency }} || ' a year' as title,
        product || '; due ' || cast(due_date as {{ dbt.type_string() }}) || case
            when days_from_due < 0 then ', decided ' || {{ counted_text('-days_from_due', 'day') }} || ' before'
            when days_from_due > 0 then ', decided ' || {{ counted_text('days_from_due', 'day') }} || ' after'
            else ''
        end as detail,
        subscription_id as reference_id
    from decided_renewals
),

customers_left as (
    select
        churn.account_id,
        cast(churn.churned_on as timestamp) as occurred_at,
        '45-customer_left:' || churn.account_id || ':' || cast(churn.churned_on as {{ dbt.type_string() }}) as entry_id,
        'customer_left' as kind,
        'Customer left' || coalesce(
            ': ' || {{ amount_text('churn.churned_mrr') }} || {{ currency }} || ' a month lost', ''
        ) as title,
        {{ told_parts([
            "'after ' || " ~ counted_text('churn.tenure_months', 'month'),
            "'reason: ' || " ~ plain_words('reasons.cancel_reason'),
            "case when not churn.is_voluntary then 'not by choice' end",
        ]) }} as detail,
        churn.account_id as reference_id
    from churn
    left join reasons
        on {{ seed_key('churn.churn_reason') }} = reasons.cancel_reason
),

customers_returned as (
    select
        account_id,
        cast(returned_on as timestamp) as occurred_at,
        '55-customer_returned:' || account_id || ':' || cast(returned_on as {{ dbt.type_string() }}) as entry_id,
        'customer_returned' as kind,
        'Customer came back' as title,
        'after ' || {{ counted_text(days_from_to('churned_on', 'returned_on'), 'day') }} as detail,
        account_id as reference_id
    from churn
    where returned_on is not null
),

opportunities_closed as (
    select
        account_id,
        cast(close_date as timestamp) as occurred_at,
        '10-opportunity:' || opportunity_id as entry_id,
        case when is_won then 'opportunity_won' else 'opportunity_lost' end as kind,
        case opportunity_type
            when 'new' then 'New business' when 'expansion' then 'Expansion' when 'renewal' then 'Renewal'
            else 'Opportunity'
        end
        || case when is_won then ' won' else ' lost' end
        || coalesce(': ' || {{ amount_text('amount') }} || ' ' || currency, '') as title,
        case
            when cast(created_at as date) <= close_date
                then 'after ' || {{ counted_text(days_from_to('cast(created_at as date)', 'close_date'), 'day') }}
        end as detail,
        opportunity_id as reference_id
    from opportunities
    where close_date <= {{ as_of_date() }}
),

orders_placed as (
    select
        account_id,
        ordered_at as occurred_at,
        '60-order_placed:' || order_id as entry_id,
        'order_placed' as kind,
        'Order' || coalesce(' of ' || {{ amount_text('amount') }} || ' ' || currency, '') as title,
        cast(null as {{ dbt.type_string() }}) as detail,
        order_id as reference_id
    from orders
),

-- What happens to one case at one instant stands in its order: the case is opened first.
case_changes as (
    select
        cases.account_id,
        transitions.occurred_at,
        '70-case:' || cases.case_id || case when transitions.transition = 'created' then ':0:' else ':1:' end
        || transitions.event_id as entry_id,
        case transitions.transition
            when 'created' then 'case_opened' when 'solved' then 'case_solved' else 'case_reopened'
        end as kind,
        case transitions.transition
            when 'created' then 'Case opened' when 'solved' then 'Case solved' else 'Case reopened'
        end || coalesce(': ' || {{ plain_words('cases.topic') }}, '') as title,
        case
            when transitions.transition = 'created' then {{ told_parts([
                plain_words('cases.case_type'), "cases.priority || ' priority'", "'by ' || cases.channel", "cases.team",
            ]) }}
            else {{ duration_text(seconds_from_to('cases.created_at', 'transitions.occurred_at')) }} || ' after opening'
        end as detail,
        cases.case_id as reference_id
    from transitions
    inner join cases
        on transitions.case_id = cases.case_id
),

answers_given as (
    select
        account_id,
        responded_at as occurred_at,
        '80-survey_answer:' || response_id as entry_id,
        'survey_answer' as kind,
        case survey_type when 'nps' then 'NPS ' when 'csat' then 'CSAT ' else 'CES ' end
        || {{ short_number_text('score') }} || ' on ' || {{ short_number_text('scale_min') }} || '–'
        || {{ short_number_text('scale_max') }} || coalesce(': ' || case
            when survey_type = 'nps' then nps_group
            when survey_type = 'csat'
                then case answer_group
                    when 'good' then 'satisfied' when 'neutral' then 'neutral' when 'bad' then 'dissatisfied'
                end
            else case answer_group when 'good' then 'easy' when 'neutral' then 'neutral' when 'bad' then 'hard' end
        end, '') as title,
        comment as detail,
        response_id as reference_id
    from answers
),

interactions_had as (
    select
        interactions.account_id,
        interactions.occurred_at,
        '75-interaction:' || interactions.interaction_id as entry_id,
        'interaction' as kind,
        case interactions.direction
            when 'inbound'
                then case interactions.kind
                    when 'call' then 'Call from the customer' when 'email' then 'E-mail from the customer'
                    when 'chat' then 'Chat begun by the customer'
                    when 'meeting' then 'Meeting asked for by the customer'
                    when 'note' then 'Note' else 'Contact from the customer'
                end
            when 'outbound'
                then case interactions.kind
                    when 'call' then 'Call to the customer' when 'email' then 'E-mail to the customer'
                    when 'chat' then 'Chat begun by us' when 'meeting' then 'Meeting asked for by us'
                    when 'note' then 'Note' else 'Contact by us'
                end
            else case interactions.kind
                when 'call' then 'Call' when 'email' then 'E-mail' when 'chat' then 'Chat' when 'meeting' then 'Meeting'
                when 'note' then 'Note' else 'Contact'
            end
        end as title,
        {{ told_parts([
            duration_text('interactions.duration_seconds'),
            "'by ' || agents.full_name",
        ]) }} as detail,
        interactions.interaction_id as reference_id
    from interactions
    left join agents
        on interactions.owner_id = agents.agent_id
),

compared_health as (
    select
        account_id,
        as_of_date,
        health_score,
        risk_band,
        lag(as_of_date) over (partition by account_id order by as_of_date asc) as earlier_date,
        lag(health_score) over (partition by account_id order by as_of_date asc) as earlier_score,
        lag(risk_band) over (partition by account_id order by as_of_date asc) as earlier_band
    from health
),

-- A score knows its whole day and stands at its end. The key is the month: the running one has its newest state.
risk_bands_changed as (
    select
        account_id,
        {{ instant_of(epoch_seconds(plus_days('as_of_date', 1)) ~ ' - 1') }} as occurred_at,
        '90-risk_band_changed:' || account_id || ':'
        || cast({{ first_of_month('as_of_date') }} as {{ dbt.type_string() }}) as entry_id,
        'risk_band_changed' as kind,
        case
            when health_score is null then 'Health became unknown'
            when earlier_score is null then 'Health known again'
            when health_score < earlier_score then 'Health fell'
            else 'Health rose'
        end || ': ' || {{ plain_words('earlier_band') }} || ' → ' || {{ plain_words('risk_band') }} as title,
        'score '
        || coalesce(
            {{ amount_text('earlier_score') }} || ' → ' || {{ amount_text('health_score') }},
            {{ amount_text('health_score') }},
            {{ amount_text('earlier_score') }} || ' before'
        ) as detail,
        account_id as reference_id
    from compared_health
    where
        risk_band <> earlier_band
        and earlier_date = {{ plus_days(first_of_month('as_of_date'), -1) }}
),

entries as (
    {% for relation in [
        'subscriptions_started', 'subscriptions_ended', 'notices_given', 'renewals_decided', 'customers_left',
        'customers_returned', 'opportunities_closed', 'orders_placed', 'case_changes', 'answers_given',
        'interactions_had', 'risk_bands_changed',
    ] %}
        select
            account_id,
            occurred_at,
            entry_id,
            kind,
            title,
            detail,
            reference_id
        from {{ relation }}
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}
),

-- What belongs to no account that is listed, because it was deleted or never came, is in the facts it was taken from.
final as (
    select
        entries.account_id,
        entries.occurred_at,
        entries.entry_id,
        entries.kind,
        entries.title,
        entries.detail,
        entries.reference_id
    from entries
    inner join accounts
        on entries.account_id = accounts.account_id
    where entries.occurred_at < {{ as_of_end() }}
)

select * from final
