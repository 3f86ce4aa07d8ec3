{{ config(meta={'dagster': {'ref': {'name': 'voice_of_customer_monthly'}}}) }}

-- Every valid answer is counted once in the total, promoters + passives + detractors = responses for NPS, and every
-- dimension adds up to its total.
with responses as (

    select * from {{ ref('fct_survey_responses') }}

),

monthly as (

    select * from {{ ref('voice_of_customer_monthly') }}

),

by_scale as (

    select * from {{ ref('voice_of_customer_by_scale_monthly') }}

),

answers as (

    select
        survey_type,
        count(case when is_valid then 1 end) as responses,
        sum(case when is_valid then score end) as score_sum
    from responses
    group by survey_type

),

totals as (

    select
        survey_type,
        sum(responses) as responses
    from monthly
    where dimension = 'all'
    group by survey_type

),

scale_totals as (

    select
        survey_type,
        sum(responses) as responses,
        sum(score_sum) as score_sum
    from by_scale
    where dimension = 'all'
    group by survey_type

),

dimension_sums as (

    select
        month,
        survey_type,
        dimension,
        sum(sent) as sent,
        sum(answered) as answered,
        sum(responses) as responses,
        sum(promoters) as promoters,
        sum(detractors) as detractors,
        sum(csat_top_box_count) as csat_top_box_count,
        sum(ces_easy_count) as ces_easy_count,
        sum(mean_responses) as mean_responses,
        sum(score_sum) as score_sum
    from monthly
    group by month, survey_type, dimension

),

dimensions as (

    select distinct dimension
    from dimension_sums

),

-- a dimension that is missing from a month fails as well
expected_sums as (

    select
        dimension_sums.month,
        dimension_sums.survey_type,
        dimensions.dimension,
        dimension_sums.sent,
        dimension_sums.answered,
        dimension_sums.responses,
        dimension_sums.promoters,
        dimension_sums.detractors,
        dimension_sums.csat_top_box_count,
        dimension_sums.ces_easy_count,
        dimension_sums.mean_responses,
        dimension_sums.score_sum
    from dimension_sums
    cross join dimensions
    where dimension_sums.dimension = 'all'

)

select
    'answers are in the total' as rule_broken,
    answers.survey_type,
    'all' as dimension,
    cast(null as date) as month
from answers
left join totals on answers.survey_type = totals.survey_type
left join scale_totals on answers.survey_type = scale_totals.survey_type
where
    answers.responses <> coalesce(totals.responses, 0)
    or answers.responses <> coalesce(scale_totals.responses, 0)
    or coalesce(answers.score_sum, 0) <> coalesce(scale_totals.score_sum, 0)

union all

select
    'promoters, passives and detractors are the responses' as rule_broken,
    survey_type,
    dimension,
    month
from monthly
where survey_type = 'nps' and promoters + passives + detractors <> responses

union all

select
    'values of a dimension add up to the total' as rule_broken,
    expected_sums.survey_type,
    expected_sums.dimension,
    expected_sums.month
from expected_sums
left join dimension_sums
    on
        expected_sums.month = dimension_sums.month
        and expected_sums.survey_type = dimension_sums.survey_type
        and expected_sums.dimension = dimension_sums.dimension
where
    dimension_sums.month is null
    or dimension_sums.sent <> expected_sums.sent
    or dimension_sums.answered <> expected_sums.answered
    or dimension_sums.responses <> expected_sums.responses
    or dimension_sums.promoters <> expected_sums.promoters
    or dimension_sums.detractors <> expected_sums.detractors
    or dimension_sums.csat_top_box_count <> expected_sums.csat_top_box_count
    or dimension_sums.ces_easy_count <> expected_sums.ces_easy_count
    or dimension_sums.mean_responses <> expected_sums.mean_responses
    or dimension_sums.score_sum <> expected_sums.score_sum
