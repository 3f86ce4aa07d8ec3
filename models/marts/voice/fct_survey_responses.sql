with responses as (

    select * from {{ ref('int_survey_responses') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}

),

cases as (

    select * from {{ ref('fct_cases') }}

),

answer_groups as (

    select * from {{ ref('survey_answer_groups') }}

),

-- bounds are seeded for scales on which high is good; an answer on one that is turned around is compared with what it
-- would be there
dated as (

    select
        *,
        coalesce(responded_at, sent_at) as asked_or_answered_at,
        case
            when not is_valid then null
            when high_is_good then score
            else scale_min + scale_max - score
        end as upright_score
    from responses

),

-- the scale that speaks for a kind of survey in tables without a scale: the same one in all months, so that a series
-- never changes its unit on the way
ranked_scales as (

    select
        survey_type,
        scale_min,
        scale_max,
        high_is_good,
        row_number() over (
            partition by survey_type
            order by count(*) desc, scale_max desc, scale_min desc, high_is_good desc
        ) as scale_rank
    from responses
    where is_valid
    group by survey_type, scale_min, scale_max, high_is_good

),

grouped as (

    select
        dated.*,
        coalesce(ranked_scales.scale_rank = 1, false) as is_on_leading_scale,
        case
            when dated.upright_score >= answer_groups.good_from then 'good'
            when dated.upright_score <= answer_groups.bad_to then 'bad'
            when dated.upright_score is not null and answer_groups.good_from is not null then 'neutral'
        end as answer_group
    from dated
    left join answer_groups
        on
            dated.survey_type = answer_groups.survey_type
            and dated.scale_min = answer_groups.scale_min
            and dated.scale_max = answer_groups.scale_max
    left join ranked_scales
        on
            dated.is_valid
            and dated.survey_type = ranked_scales.survey_type
            and dated.scale_min = ranked_scales.scale_min
            and dated.scale_max = ranked_scales.scale_max
            and dated.high_is_good = ranked_scales.high_is_good

),

final as (

    select
        grouped.response_id,
        grouped.source,
        grouped.survey_type,
        grouped.account_id,
        grouped.contact_id,
        grouped.case_id,
        grouped.agent_id,
        grouped.sent_at,
        grouped.responded_at,
        {{ reporting_day('grouped.sent_at') }} as sent_on,
        {{ reporting_day('grouped.responded_at') }} as responded_on,
        grouped.score,
        grouped.scale_min,
        grouped.scale_max,
        grouped.high_is_good,
        grouped.is_on_leading_scale,
        grouped.normalised_score,
        grouped.is_valid,
        grouped.invalid_reason,
        grouped.answer_group,
        case
            when grouped.survey_type = 'nps'
                then case grouped.answer_group
                    when 'good' then 'promoter'
                    when 'neutral' then 'passive'
                    when 'bad' then 'detractor'
                end
        end as nps_group,
        {{ without_contact_details('grouped.comment') }} as comment,
        coalesce(account_versions.segment, 'unknown') as segment,
        coalesce(account_versions.region, 'unknown') as region,
        coalesce(account_versions.customer_type, 'unknown') as customer_type,
        coalesce(account_versions.support_plan, 'unknown') as support_plan,
        coalesce(cases.channel, 'unknown') as channel,
        coalesce(cases.team, 'unknown') as team,
        coalesce(cases.topic, 'unknown') as topic,
        coalesce(cases.service_process, 'unknown') as service_process
    from grouped
    left join account_versions
        on
            grouped.account_id = account_versions.account_id
            and grouped.asked_or_answered_at >= account_versions.valid_from
            and grouped.asked_or_answered_at < account_versions.valid_to
    left join cases on grouped.case_id = cases.case_id

)

select * from final
