with

lives as (
    select * from {{ ref('int_case_lives') }}
),

account_versions as (
    select * from {{ ref('int_account_versions') }}
),

segments as (
    select * from {{ ref('int_schedule_segments') }}
),

survey_responses as (
    select * from {{ ref('int_survey_responses') }}
    where
        survey_type = 'csat'
        and is_valid
        and case_id is not null
),

channel_costs as (
    select * from {{ ref('channel_costs') }}
),

settings as (
    select {{ threshold('fcr_window_days') }} * 86400 as repeat_seconds
),

counted_cases as (
    select
        case_id,
        account_id,
        topic,
        parent_case_id,
        coalesce(case_type = 'work_order', false) as is_visit,
        created_at,
        first_solved_at
    from lives
    where
        not is_deleted
        and not is_merged
        and created_at is not null
),

-- Who asks again is told by the next case of the same account and topic, found in one ordered pass.
moments as (
    select
        case_id,
        account_id,
        topic,
        created_at as happened_at,
        true as is_creation,
        is_visit
    from counted_cases
    where
        account_id is not null
        and topic is not null

    union all

    select
        case_id,
        account_id,
        topic,
        first_solved_at as happened_at,
        false as is_creation,
        is_visit
    from counted_cases
    where
        account_id is not null
        and topic is not null
        and first_solved_at is not null
),

-- Backwards in time; what was opened at the very instant of solving was not asked after it.
followed as (
    select
        case_id,
        is_creation,
        {{ last_known('case when is_creation then happened_at end') }} over (
            partition by account_id, topic
            order by happened_at desc, is_creation asc
            rows between unbounded preceding and current row
        ) as next_case_at,
        {{ last_known('case when is_creation and is_visit then happened_at end') }} over (
            partition by account_id, topic
            order by happened_at desc, is_creation asc
            rows between unbounded preceding and current row
        ) as next_visit_at
    from moments
),

next_cases as (
    select
        case_id,
        next_case_at,
        next_visit_at
    from followed
    where not is_creation
),

visits as (
    select
        parent_case_id,
        count(*) as visits
    from counted_cases
    where
        is_visit
        and parent_case_id is not null
    group by parent_case_id
),

answers as (
    select
        case_id,
        score,
        scale_min,
        scale_max,
        normalised_score,
        row_number() over (partition by case_id order by responded_at desc, response_id desc) as newest
    from survey_responses
),

described as (
    select
        lives.*,
        account_versions.customer_type,
        account_versions.segment,
        account_versions.region,
        account_versions.support_plan,
        answers.score as csat_score,
        answers.scale_min as csat_scale_min,
        answers.scale_max as csat_scale_max,
        answers.normalised_score as csat_normalised_score,
        coalesce(own_costs.cost_per_case, default_costs.cost_per_case) as case_cost,
        next_cases.next_case_at,
        next_cases.next_visit_at,
        coalesce(visits.visits, 0) as visits
    from lives
    left join account_versions
        on
            lives.account_id = account_versions.account_id
            and lives.created_at >= account_versions.valid_from
            and lives.created_at < account_versions.valid_to
    left join answers
        on
            lives.case_id = answers.case_id
            and answers.newest = 1
    left join channel_costs as own_costs
        on lives.channel = own_costs.channel
    left join channel_costs as default_costs
        on default_costs.channel = 'default'
    left join next_cases
        on lives.case_id = next_cases.case_id
    left join visits
        on lives.parent_case_id = visits.parent_case_id
),

clocked as (
    select
        described.*,
        {{ business_seconds(
            'creation_segments', 'described.created_at', 'reply_segments', 'described.first_reply_at'
        ) }} as first_reply_business_seconds,
        {{ business_seconds(
            'creation_segments', 'described.created_at', 'solution_segments', 'described.last_solved_at'
        ) }} as full_resolution_business_seconds
    from described
    left join segments as creation_segments
        on {{ lies_in_segment('creation_segments', 'described.schedule', 'described.created_at') }}
    left join segments as reply_segments
        on {{ lies_in_segment('reply_segments', 'described.schedule', 'described.first_reply_at') }}
    left join segments as solution_segments
        on {{ lies_in_segment('solution_segments', 'described.schedule', 'described.last_solved_at') }}
),

final as (
    select
        clocked.case_id,
        clocked.account_id,
        clocked.contact_id,
        clocked.parent_case_id,
        clocked.merged_into_case_id,
        clocked.source,
        clocked.status,
        clocked.priority,
        clocked.channel,
        clocked.topic,
        clocked.product,
        clocked.case_type,
        clocked.service_process,
        clocked.team,
        clocked.assignee_id,
        clocked.schedule,
        clocked.opened_by,
        coalesce(clocked.customer_type, 'unknown') as customer_type,
        coalesce(clocked.segment, 'unknown') as segment,
        coalesce(clocked.region, 'unknown') as region,
        coalesce(clocked.support_plan, 'unknown') as support_plan,
        clocked.created_at,
        clocked.first_reply_at,
        clocked.first_solved_at,
        clocked.last_solved_at,
        clocked.closed_at,
        clocked.merged_at,
        clocked.deleted_at,
        {{ reporting_day('clocked.created_at') }} as created_on,
        {{ reporting_day('clocked.first_reply_at') }} as first_replied_on,
        {{ reporting_day('clocked.last_solved_at') }} as solved_on,
        clocked.is_open,
        clocked.is_merged,
        clocked.is_deleted,
        cast({{ seconds_from_to('clocked.created_at', 'clocked.first_reply_at') }} as bigint) as first_reply_seconds,
        cast(clocked.first_reply_business_seconds as bigint) as first_reply_business_seconds,
        cast({{ seconds_from_to('clocked.created_at', 'clocked.first_solved_at') }} as bigint)
            as first_resolution_seconds,
        cast({{ seconds_from_to('clocked.created_at', 'clocked.last_solved_at') }} as bigint)
            as full_resolution_seconds,
        cast(clocked.full_resolution_business_seconds as bigint) as full_resolution_business_seconds,
        clocked.agent_work_seconds + clocked.on_hold_seconds as requester_wait_seconds,
        clocked.agent_work_seconds,
        clocked.on_hold_seconds,
        clocked.approval_wait_seconds,
        clocked.handle_seconds,
        clocked.handle_seconds > 0 as handled,
        clocked.public_replies,
        clocked.customer_replies,
        clocked.internal_notes,
        clocked.reopen_count,
        clocked.reassignment_count,
        clocked.team_change_count,
        case
            when clocked.is_deleted or clocked.is_merged or clocked.is_open or clocked.last_solved_at is null then null
            when {{ seconds_from_to('clocked.last_solved_at', as_of_end()) }} < settings.repeat_seconds then null
            when clocked.reopen_count > 0 then false
            when clocked.case_type = 'work_order'
                then
                    clocked.visits <= 1
                    and coalesce(
                        {{ seconds_from_to('clocked.first_solved_at', 'clocked.next_visit_at') }}
                        > settings.repeat_seconds,
                        true
                    )
            else
                clocked.public_replies <= case when clocked.channel = 'phone' then 0 else 1 end
                and coalesce(
                    {{ seconds_from_to('clocked.first_solved_at', 'clocked.next_case_at') }} > settings.repeat_seconds,
                    true
                )
        end as is_first_contact_resolution,
        clocked.csat_score,
        clocked.csat_scale_min,
        clocked.csat_scale_max,
        clocked.csat_normalised_score,
        cast(clocked.case_cost as decimal(18, 6)) as case_cost
    from clocked
    cross join settings
)

select * from final
