with responses as (

    select * from {{ ref('fct_survey_responses') }}
    where is_valid

),

placed as (

    select
        *,
        {{ first_of_month(reporting_day('responded_at')) }} as month
    from responses

),

counted as (

    {{ by_dimension(
        'placed',
        keys=['month', 'survey_type', 'scale_min', 'scale_max', 'high_is_good', 'is_on_leading_scale'],
        measures=[
            'count(*) as responses',
            'count(answer_group) as grouped_responses',
            "count(case when answer_group = 'good' then 1 end) as good_responses",
            "count(case when answer_group = 'neutral' then 1 end) as neutral_responses",
            "count(case when answer_group = 'bad' then 1 end) as bad_responses",
            'sum(score) as score_sum',
        ],
        dimensions=voice_dimensions()
    ) }}

),

measured as (

    select
        *,
        case when survey_type = 'nps' then good_responses end as promoters,
        case when survey_type = 'nps' then neutral_responses end as passives,
        case when survey_type = 'nps' then bad_responses end as detractors,
        case when survey_type = 'csat' then grouped_responses end as csat_top_box_responses,
        case when survey_type = 'csat' then good_responses end as csat_top_box_count,
        case when survey_type = 'ces' then grouped_responses end as ces_easy_responses,
        case when survey_type = 'ces' then good_responses end as ces_easy_count
    from counted

),

final as (

    select
        month,
        survey_type,
        scale_min,
        scale_max,
        high_is_good,
        dimension,
        dimension_value,
        {{ is_reporting_month_complete('month') }} as is_complete,
        is_on_leading_scale as is_leading_scale,
        cast(responses as bigint) as responses,
        cast(promoters as bigint) as promoters,
        cast(passives as bigint) as passives,
        cast(detractors as bigint) as detractors,
        {{ net_promoter_score('promoters', 'detractors', 'responses') }} as nps,
        {{ nps_margin_of_error('promoters', 'detractors', 'responses') }} as nps_margin_of_error,
        cast(csat_top_box_responses as bigint) as csat_top_box_responses,
        cast(csat_top_box_count as bigint) as csat_top_box_count,
        {{ exact_rate('csat_top_box_count', 'csat_top_box_responses') }} as csat_top_box_rate,
        cast(score_sum as decimal(38, 6)) as score_sum,
        {{ exact_rate('score_sum', 'responses') }} as mean_score,
        cast(ces_easy_responses as bigint) as ces_easy_responses,
        cast(ces_easy_count as bigint) as ces_easy_count,
        {{ exact_rate('ces_easy_count', 'ces_easy_responses') }} as ces_easy_rate
    from measured

)

select * from final
