{# What refers to what: (source, object, staging model, key columns, referring column, what it refers to). References to
   contacts and agents are left out: companies often export neither, and no mart loses a row by their absence. #}
{% set references = [
    ('generic', 'accounts', 'stg_generic__accounts', ['account_id'], 'parent_account_id', 'accounts'),
    ('generic', 'contacts', 'stg_generic__contacts', ['contact_id'], 'account_id', 'accounts'),
    ('generic', 'subscriptions', 'stg_generic__subscriptions', ['subscription_id'], 'account_id', 'accounts'),
    ('generic', 'subscriptions', 'stg_generic__subscriptions', ['subscription_id'], 'renewed_from_id', 'subscriptions'),
    ('generic', 'opportunities', 'stg_generic__opportunities', ['opportunity_id'], 'account_id', 'accounts'),
    ('generic', 'opportunities', 'stg_generic__opportunities', ['opportunity_id'], 'subscription_id', 'subscriptions'),
    ('generic', 'orders', 'stg_generic__orders', ['order_id'], 'account_id', 'accounts'),
    ('generic', 'cases', 'stg_generic__cases', ['case_id'], 'account_id', 'accounts'),
    ('generic', 'cases', 'stg_generic__cases', ['case_id'], 'parent_case_id', 'cases'),
    ('generic', 'case_events', 'stg_generic__case_events', ['event_id'], 'case_id', 'cases'),
    ('generic', 'survey_responses', 'stg_generic__survey_responses', ['response_id'], 'account_id', 'accounts'),
    ('generic', 'survey_responses', 'stg_generic__survey_responses', ['response_id'], 'case_id', 'cases'),
    (
        'generic', 'usage', 'stg_generic__usage',
        ['account_id', 'product', 'feature', 'usage_date'], 'account_id', 'accounts',
    ),
    ('generic', 'interactions', 'stg_generic__interactions', ['interaction_id'], 'account_id', 'accounts'),
    ('generic', 'self_service_events', 'stg_generic__self_service_events', ['event_id'], 'account_id', 'accounts'),
    ('salesforce', 'account', 'stg_salesforce__accounts', ['account_id'], 'parent_account_id', 'accounts'),
    ('salesforce', 'contact', 'stg_salesforce__contacts', ['contact_id'], 'account_id', 'accounts'),
    ('salesforce', 'subscription', 'stg_salesforce__subscriptions', ['subscription_id'], 'account_id', 'accounts'),
    (
        'salesforce', 'subscription', 'stg_salesforce__subscriptions',
        ['subscription_id'], 'renewed_from_id', 'subscriptions',
    ),
    ('salesforce', 'opportunity', 'stg_salesforce__opportunities', ['opportunity_id'], 'account_id', 'accounts'),
    (
        'salesforce', 'opportunity', 'stg_salesforce__opportunities',
        ['opportunity_id'], 'subscription_id', 'subscriptions',
    ),
    ('salesforce', 'order', 'stg_salesforce__orders', ['order_id'], 'account_id', 'accounts'),
    ('salesforce', 'task', 'stg_salesforce__tasks', ['interaction_id'], 'account_id', 'accounts'),
    ('salesforce', 'event', 'stg_salesforce__events', ['interaction_id'], 'account_id', 'accounts'),
    ('zendesk', 'tickets', 'stg_zendesk__tickets', ['case_id'], 'organization_id', 'accounts'),
    ('zendesk', 'tickets', 'stg_zendesk__tickets', ['case_id'], 'parent_case_id', 'cases'),
    ('zendesk', 'ticket_audits', 'stg_zendesk__ticket_audits', ['audit_id'], 'case_id', 'cases'),
    ('zendesk', 'users', 'stg_zendesk__users', ['user_id'], 'organization_id', 'accounts'),
    ('zendesk', 'satisfaction_ratings', 'stg_zendesk__satisfaction_ratings', ['rating_id'], 'case_id', 'cases'),
    ('qualtrics', 'responses', 'stg_qualtrics__responses', ['response_id'], 'account_id', 'accounts'),
    ('qualtrics', 'responses', 'stg_qualtrics__responses', ['response_id'], 'case_id', 'cases'),
] %}

with

-- A ticketing organisation is an account too, matched or not.
landed_accounts as (

    select account_id as landed_id from {{ ref('stg_generic__accounts') }}
    union all
    select account_id as landed_id from {{ ref('stg_salesforce__accounts') }}
    union all
    select organization_id as landed_id from {{ ref('stg_zendesk__organizations') }}

),

landed_subscriptions as (

    select subscription_id as landed_id from {{ ref('stg_generic__subscriptions') }}
    union all
    select subscription_id as landed_id from {{ ref('stg_salesforce__subscriptions') }}

),

landed_cases as (

    select case_id as landed_id from {{ ref('stg_generic__cases') }}
    union all
    select case_id as landed_id from {{ ref('stg_zendesk__tickets') }}

),

orphans as (

    {% for source, object, model, key, column, referred in references %}
        select
            '{{ source }}' as source,
            '{{ object }}' as object,
            {% for part in key -%}
                {{ "|| '|' || " if not loop.first }}coalesce(cast(referring.{{ part }} as {{ dbt.type_string() }}), '')
            {% endfor %} as row_key,
            '{{ column }}' as column_name,
            '{{ referred }}' as referred_object,
            referring.{{ column }} as referred_id
        from {{ ref(model) }} as referring
        left join landed_{{ referred }} on referring.{{ column }} = landed_{{ referred }}.landed_id
        where referring.{{ column }} is not null and landed_{{ referred }}.landed_id is null
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

-- Usage rows whose day cannot be read share a key.
select distinct * from orphans
