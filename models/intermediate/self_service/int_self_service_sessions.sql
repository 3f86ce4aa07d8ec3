with

events as (
    select
        *,
        coalesce(session_id, 'event:' || event_id) as visit_id
    from {{ ref('stg_generic__self_service_events') }}
    where occurred_at < {{ as_of_end() }}
),

contact_versions as (
    select * from {{ ref('int_contact_versions') }}
),

account_versions as (
    select * from {{ ref('int_account_versions') }}
),

cases as (
    select
        account_id,
        contact_id,
        case when contact_id like '%:%' then {{ dbt.split_part('contact_id', "':'", 1) }} else '' end as contact_system,
        created_at,
        cast(created_at as date) as created_on
    from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
),

visits as (
    select
        visit_id as session_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        min(account_id) as stated_account_id,
        min(contact_id) as contact_id,
        max(case when resolved then 1 else 0 end) = 1 as is_resolved,
        sum(case when kind = 'article_view' then 1 else 0 end) as article_views,
        sum(case when kind = 'search' then 1 else 0 end) as searches,
        sum(case when kind = 'bot_session' then 1 else 0 end) as bot_sessions,
        sum(case when kind = 'community_post' then 1 else 0 end) as community_posts,
        sum(case when kind = 'community_answer' then 1 else 0 end) as community_answers,
        sum(case when kind = 'portal_login' then 1 else 0 end) as portal_logins
    from events
    group by visit_id
),

-- a visitor who named no account is one of the contact's account on that day
owned as (
    select
        visits.*,
        cast(visits.started_at as date) as started_on,
        coalesce(visits.stated_account_id, contact_versions.account_id) as account_id,
        case
            when visits.contact_id like '%:%' then {{ dbt.split_part('visits.contact_id', "':'", 1) }}
            else ''
        end as contact_system,
        {{ instant_of(epoch_seconds('visits.ended_at') ~ ' + 3600 * ' ~ threshold('deflection_hours')) }}
            as watched_until
    from visits
    left join contact_versions
        on
            visits.contact_id = contact_versions.contact_id
            and visits.stated_account_id is null
            and cast(visits.started_at as date) >= cast(contact_versions.valid_from as date)
            and cast(visits.started_at as date) < cast(contact_versions.valid_to as date)
),

-- one row per day of the time in which a case would have followed: cases are joined by the day first, then by the clock
watched as (
    select
        *,
        {{ numbers_to(days_from_to('started_on', 'cast(watched_until as date)') ~ ' + 1') }} as day_number
    from owned
    where watched_until <= {{ as_of_end() }}
),

watched_days as (
    select
        *,
        {{ plus_days('started_on', 'day_number - 1') }} as watched_on
    from watched
),

-- The same user is the same contact. Where one of the two contacts is not known, or each is known by the id of another
-- system, nobody can tell, and the account stands for its people.
followed as (
    select watched_days.session_id
    from watched_days
    inner join cases
        on
            watched_days.contact_id = cases.contact_id
            and watched_days.watched_on = cases.created_on
            and watched_days.started_at <= cases.created_at
            and watched_days.watched_until > cases.created_at

    union distinct

    select watched_days.session_id
    from watched_days
    inner join cases
        on
            watched_days.account_id = cases.account_id
            and watched_days.watched_on = cases.created_on
            and watched_days.started_at <= cases.created_at
            and watched_days.watched_until > cases.created_at
            and (
                watched_days.contact_id is null
                or cases.contact_id is null
                or watched_days.contact_system <> cases.contact_system
            )
),

judged as (
    select
        owned.session_id,
        owned.started_at,
        owned.ended_at,
        owned.account_id,
        owned.contact_id,
        coalesce(account_versions.customer_type, 'unknown') as customer_type,
        {{ first_of_month(reporting_day('owned.started_at')) }} as month,
        owned.is_resolved,
        case
            when owned.account_id is null and owned.contact_id is null then 'anonymous'
            when owned.watched_until > {{ as_of_end() }} then 'pending'
            when followed.session_id is not null then 'case'
            else 'no_case'
        end as outcome,
        owned.article_views,
        owned.searches,
        owned.bot_sessions,
        owned.community_posts,
        owned.community_answers,
        owned.portal_logins
    from owned
    left join followed
        on owned.session_id = followed.session_id
    left join account_versions
        on
            owned.account_id = account_versions.account_id
            and owned.started_at >= account_versions.valid_from
            and owned.started_at < account_versions.valid_to
)

select * from judged
