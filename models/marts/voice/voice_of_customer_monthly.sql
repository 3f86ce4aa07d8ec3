with responses as (

    select * from {{ ref('fct_survey_responses') }}

),

by_scale as (

    select * from {{ ref('voice_of_customer_by_scale_monthly') }}

),

invitations as (

    select
        *,
        {{ first_of_month(reporting_day('sent_at')) }} as month
    from responses
    where
        sent_at < {{ as_of_end() }}
        and coalesce(invalid_reason, '') <> 'preview, test or spam'

),

-- an answer belongs to the invitation that it answers, in whichever month it came
invited as (

    {{ by_dimension(
        'invitations',
        keys=['month', 'survey_type'],
        measures=[
            'count(*) as sent',
            'count(case when is_valid then 1 end) as answered',
        ],
        dimensions=voice_dimensions()
    ) }}

),

-- all answers are counted; what is made of scores is that of the leading scale alone (NPS has no other)
scored as (

    select
        month,
        survey_type,
        dimension,
        dimension_value,
        sum(responses) as responses,
        sum(promoters) as promoters,
        sum(passives) as passives,
        sum(detractors) as detractors,
        sum(case when is_leading_scale then csat_top_box_responses end) as csat_top_box_responses,
        sum(case when is_leading_scale then csat_top_box_count end) as csat_top_box_count,
        sum(case when is_leading_scale then responses end) as mean_responses,
        sum(case when is_leading_scale then score_sum end) as score_sum,
        sum(case when is_leading_scale then ces_easy_responses end) as ces_easy_responses,
        sum(case when is_leading_scale then ces_easy_count end) as ces_easy_count
    from by_scale
    group by month, survey_type, dimension, dimension_value

),

leading_scales as (

    select distinct
        survey_type,
        scale_min,
        scale_max,
        high_is_good
    from by_scale
    where is_leading_scale

),

cells as (

    select
        month,
        survey_type,
        dimension,
        dimension_value
    from invited

    union distinct

    select
        month,
        survey_type,
        dimension,
        dimension_value
    from scored

),

-- a month in which nobody answered has zeros and no score
counted as (

    select
        cells.month,
        cells.survey_type,
        cells.dimension,
        cells.dimension_value,
        leading_scales.scale_min,
        leading_scales.scale_max,
        leading_scales.high_is_good,
        coalesce(invited.sent, 0) as sent,
        coalesce(invited.answered, 0) as answered,
        coalesce(scored.responses, 0) as responses,
        case when cells.survey_type = 'nps' then coalesce(scored.promoters, 0) end as promoters,
        case when cells.survey_type = 'nps' then coalesce(scored.passives, 0) end as passives,
        case when cells.survey_type = 'nps' then coalesce(scored.detractors, 0) end as detractors,
        case
            when cells.survey_type = 'csat' then coalesce(scored.csat_top_box_responses, 0)
        end as csat_top_box_responses,
        case when cells.survey_type = 'csat' then coalesce(scored.csat_top_box_count, 0) end as csat_top_box_count,
        coalesce(scored.mean_responses, 0) as mean_responses,
        coalesce(scored.score_sum, 0) as score_sum,
        case when cells.survey_type = 'ces' then coalesce(scored.ces_easy_responses, 0) end as ces_easy_responses,
        case when cells.survey_type = 'ces' then coalesce(scored.ces_easy_count, 0) end as ces_easy_count
    from cells
    left join invited
        on
            cells.month = invited.month
            and cells.survey_type = invited.survey_type
            and cells.dimension = invited.dimension
            and cells.dimension_value = invited.dimension_value
    left join scored
        on
            cells.month = scored.month
            and cells.survey_type = scored.survey_type
            and cells.dimension = scored.dimension
            and cells.dimension_value = scored.dimension_value
    left join leading_scales on cells.survey_type = leading_scales.survey_type

),

final as (

    select
        month,
        survey_type,
        dimension,
        dimension_value,
        {{ is_reporting_month_complete('month') }} as is_complete,
        cast(sent as bigint) as sent,
        cast(answered as bigint) as answered,
        cast(responses as bigint) as responses,
        {{ exact_rate('answered', 'sent') }} as response_rate,
        cast(promoters as bigint) as promoters,
        cast(passives as bigint) as passives,
        cast(detractors as bigint) as detractors,
        {{ net_promoter_score('promoters', 'detractors', 'responses') }} as nps,
        {{ nps_margin_of_error('promoters', 'detractors', 'responses') }} as nps_margin_of_error,
        scale_min,
        scale_max,
        high_is_good,
        cast(csat_top_box_responses as bigint) as csat_top_box_responses,
        cast(csat_top_box_count as bigint) as csat_top_box_count,
        {{ exact_rate('csat_top_box_count', 'csat_top_box_responses') }} as csat_top_box_rate,
        cast(mean_responses as bigint) as mean_responses,
        cast(score_sum as decimal(38, 6)) as score_sum,
        {{ exact_rate('score_sum', 'mean_responses') }} as mean_score,
        case when survey_type = 'ces' then {{ exact_rate('score_sum', 'mean_responses') }} end as ces_mean,
        cast(ces_easy_responses as bigint) as ces_easy_responses,
        cast(ces_easy_count as bigint) as ces_easy_count,
        {{ exact_rate('ces_easy_count', 'ces_easy_responses') }} as ces_easy_rate
    from counted

)

select * from final
