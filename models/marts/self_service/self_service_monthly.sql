with sessions as (

    select * from {{ ref('int_self_service_sessions') }}

),

cases as (

    select
        customer_type,
        {{ first_of_month(reporting_day('created_at')) }} as month
    from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged
        and created_at is not null

),

channel_costs as (

    select * from {{ ref('channel_costs') }}

),

session_counts as (

    select
        month,
        customer_type,
        count(*) as self_service_sessions,
        sum(case when outcome = 'no_case' then 1 else 0 end) as sessions_without_case,
        sum(case when outcome = 'case' then 1 else 0 end) as sessions_with_case,
        sum(case when outcome = 'pending' then 1 else 0 end) as pending_sessions,
        sum(case when outcome = 'anonymous' then 1 else 0 end) as anonymous_sessions,
        sum(case when is_resolved then 1 else 0 end) as self_service_resolutions,
        sum(article_views) as article_views,
        sum(searches) as searches,
        sum(bot_sessions) as bot_sessions,
        sum(community_posts) as community_posts,
        sum(community_answers) as community_answers,
        sum(portal_logins) as portal_logins
    from sessions
    group by month, customer_type

),

case_counts as (

    select
        month,
        customer_type,
        count(*) as cases
    from cases
    group by month, customer_type

),

-- what answers a question without a case saves the call that would have asked it
saving as (

    select
        max(case when channel = 'phone' then cost_per_case end)
        - max(case when channel = 'self_service' then cost_per_case end) as saved_per_resolution
    from channel_costs

),

begun as (

    select min(month) as month from session_counts
    union all
    select min(month) as month from case_counts

),

months as (

    {{ month_spine('(select min(month) from begun)', last_reporting_day()) }}

),

customer_types as (

    select customer_type from session_counts
    union distinct
    select customer_type from case_counts

),

-- a month without visits is a month with none, not one that is missing
counted as (

    select
        months.month,
        customer_types.customer_type,
        coalesce(session_counts.self_service_sessions, 0) as self_service_sessions,
        coalesce(session_counts.sessions_without_case, 0) as sessions_without_case,
        coalesce(session_counts.sessions_with_case, 0) as sessions_with_case,
        coalesce(session_counts.pending_sessions, 0) as pending_sessions,
        coalesce(session_counts.anonymous_sessions, 0) as anonymous_sessions,
        coalesce(session_counts.self_service_resolutions, 0) as self_service_resolutions,
        coalesce(case_counts.cases, 0) as cases,
        coalesce(session_counts.article_views, 0) as article_views,
        coalesce(session_counts.searches, 0) as searches,
        coalesce(session_counts.bot_sessions, 0) as bot_sessions,
        coalesce(session_counts.community_posts, 0) as community_posts,
        coalesce(session_counts.community_answers, 0) as community_answers,
        coalesce(session_counts.portal_logins, 0) as portal_logins
    from months
    cross join customer_types
    left join session_counts
        on
            months.month = session_counts.month
            and customer_types.customer_type = session_counts.customer_type
    left join case_counts
        on
            months.month = case_counts.month
            and customer_types.customer_type = case_counts.customer_type

),

final as (

    select
        counted.month,
        counted.customer_type,
        {{ is_reporting_month_complete('counted.month') }} as is_complete,
        cast(counted.self_service_sessions as bigint) as self_service_sessions,
        cast(counted.sessions_without_case as bigint) as sessions_without_case,
        cast(counted.sessions_with_case as bigint) as sessions_with_case,
        cast(counted.pending_sessions as bigint) as pending_sessions,
        cast(counted.anonymous_sessions as bigint) as anonymous_sessions,
        {{ exact_rate(
            'counted.sessions_without_case', '(counted.sessions_without_case + counted.sessions_with_case)'
        ) }} as deflection_rate_sessions,
        cast(counted.self_service_resolutions as bigint) as self_service_resolutions,
        cast(counted.cases as bigint) as cases,
        {{ exact_rate(
            'counted.self_service_resolutions', '(counted.self_service_resolutions + counted.cases)'
        ) }} as self_service_share,
        cast(
            cast(counted.self_service_resolutions as decimal(18, 0)) * saving.saved_per_resolution as decimal(38, 6)
        ) as saved_cost,
        cast(counted.article_views as bigint) as article_views,
        cast(counted.searches as bigint) as searches,
        cast(counted.bot_sessions as bigint) as bot_sessions,
        cast(counted.community_posts as bigint) as community_posts,
        cast(counted.community_answers as bigint) as community_answers,
        cast(counted.portal_logins as bigint) as portal_logins
    from counted
    cross join saving

)

select * from final
