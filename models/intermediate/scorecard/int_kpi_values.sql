{#- The KPIs themselves stand in macros/scorecard.sql. -#}
with service as (

    select * from {{ ref('service_metrics_monthly') }}
    where dimension = 'all'

),

churn as (

    select * from {{ ref('churn_monthly') }}
    where dimension = 'all'

),

renewals as (

    select * from {{ ref('renewal_rates_monthly') }}
    where dimension = 'all'

),

yearly_retention as (

    select * from {{ ref('retention_monthly') }}
    where
        window_months = 12
        and dimension = 'all'

),

retention_costs as (

    select * from {{ ref('retention_cost_monthly') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

account_costs as (

    select * from {{ ref('cost_to_serve_monthly') }}

),

account_values as (

    select * from {{ ref('account_lifetime_value') }}
    where ltv_to_cac is not null

),

judged_forecasts as (

    select * from {{ ref('renewal_forecast_backtest') }}
    where horizon_days = {{ threshold('renewal_forecast_short_horizon_days') }}

),

judged_scores as (

    select * from {{ ref('health_backtest') }}
    where horizon_days = {{ threshold('health_backtest_short_horizon_days') }}

),

scores as (

    select
        *,
        {{ first_of_month('as_of_date') }} as month
    from {{ ref('fct_account_health') }}

),

contacts as (

    select * from {{ ref('fct_account_health_components') }}
    where
        component = 'relationship'
        and raw_value is not null

),

backlog_days as (

    select
        *,
        {{ first_of_month('date') }} as month
    from {{ ref('case_backlog_daily') }}

),

answers as (

    select * from {{ ref('voice_of_customer_monthly') }}
    where dimension = 'all'

),

product_months as (

    select * from {{ ref('adoption_rates_monthly') }}

),

visits as (

    select * from {{ ref('self_service_monthly') }}

),

team_months as (

    select * from {{ ref('team_attrition_monthly') }}

),

agent_months as (

    select * from {{ ref('agent_performance_monthly') }}

),

mrr as (

    select
        month,
        sum(new_mrr) as new_mrr,
        sum(expansion_mrr) as expansion_mrr,
        sum(closing_mrr) as closing_mrr,
        sum(case when closing_mrr > 0 then 1 else 0 end) as paying_accounts
    from movements
    group by month

),

costs_by_month as (

    select
        month,
        sum(case_cost) as case_cost
    from account_costs
    group by month

),

-- a month in which nobody opened a case cost nothing; one before the first case is unknown
costs_to_serve as (

    select
        service.month,
        mrr.closing_mrr,
        coalesce(costs_by_month.case_cost, 0) as case_cost
    from service
    inner join mrr on service.month = mrr.month
    left join costs_by_month on service.month = costs_by_month.month

),

-- a forecast is judged when its horizon is over: the newest one that was, at the end of the month
renewal_forecasts as (

    {{ newest_judged('months', 'judged_forecasts') }}

),

health_forecasts as (

    {{ newest_judged('months', 'judged_scores') }}

),

-- lifetime value looks ahead from the as-of date, so no earlier month has one
lifetime_values as (

    select
        {{ first_of_month(as_of_date()) }} as month,
        sum(lifetime_value) as lifetime_value,
        sum(acquisition_cost) as acquisition_cost
    from account_values

),

ranked_scores as (

    select
        *,
        rank() over (partition by month order by as_of_date desc) as date_rank
    from scores

),

-- health on the last published date of the month, revenue at its end
health as (

    select
        ranked_scores.month,
        count(ranked_scores.health_score) as scored_accounts,
        sum(cast(ranked_scores.health_score as decimal(18, 6))) as health_score_sum,
        sum(case when ranked_scores.risk_band = 'healthy' then 1 else 0 end) as healthy_accounts,
        sum(case when ranked_scores.risk_band = 'at_risk' then 1 else 0 end) as at_risk_accounts,
        sum(case when ranked_scores.risk_band = 'at_risk' then movements.closing_mrr else 0 end) as at_risk_mrr,
        sum(case when ranked_scores.health_score is not null then movements.closing_mrr end) as scored_mrr,
        count(contacts.raw_value) as judged_accounts,
        sum(case when contacts.raw_value > 0 then 1 else 0 end) as contacted_accounts
    from ranked_scores
    left join movements
        on
            ranked_scores.account_id = movements.account_id
            and ranked_scores.month = movements.month
    left join contacts
        on
            ranked_scores.account_id = contacts.account_id
            and ranked_scores.as_of_date = contacts.as_of_date
    where ranked_scores.date_rank = 1
    group by ranked_scores.month

),

ranked_backlog as (

    select
        *,
        rank() over (partition by month order by date desc) as date_rank
    from backlog_days

),

backlog as (

    select
        month,
        sum(closing_backlog) as closing_backlog,
        sum(stale_5_days) as stale_5_days
    from ranked_backlog
    where date_rank = 1
    group by month

),

-- each kind of survey has figures of its own; invitations are those to customers
voice as (

    select
        month,
        sum(promoters) as promoters,
        sum(passives) as passives,
        sum(detractors) as detractors,
        sum(csat_top_box_count) as csat_top_box_count,
        sum(csat_top_box_responses) as csat_top_box_responses,
        sum(ces_easy_count) as ces_easy_count,
        sum(ces_easy_responses) as ces_easy_responses,
        sum(case when survey_type in ('nps', 'csat', 'ces') then answered end) as answered,
        sum(case when survey_type in ('nps', 'csat', 'ces') then sent end) as sent
    from answers
    group by month

),

-- an account counts once for each product that it has bought
adoption as (

    select
        month,
        sum(adopting_accounts) as adopting_accounts,
        sum(entitled_accounts) as entitled_accounts,
        sum(seated_active_users) as seated_active_users,
        sum(licensed_seats) as licensed_seats
    from product_months
    where is_usage_known
    group by month

),

self_service as (

    select
        month,
        sum(sessions_without_case) as sessions_without_case,
        sum(sessions_with_case) as sessions_with_case,
        sum(self_service_resolutions) as self_service_resolutions,
        sum(cases) as cases,
        sum(saved_cost) as saved_cost
    from visits
    group by month

),

teams as (

    select
        month,
        sum(left_agents) as left_agents,
        sum(starting_agents) as starting_agents,
        sum(engagement_score_sum) as engagement_score_sum,
        sum(engagement_responses) as engagement_responses
    from team_months
    group by month

),

agents as (

    select
        month,
        sum(quality_review_score_sum) as quality_review_score_sum,
        sum(quality_review_responses) as quality_review_responses,
        sum(cases_solved) as cases_solved,
        sum(days_worked) as days_worked
    from agent_months
    group by month

),

-- a month of which one side is not known counts in neither
summed_months as (

    {% for kpi, relation, numerator, denominator in kpis_to_read(summed_kpis()) %}
        select
            '{{ kpi }}' as kpi,
            month,
            {{ 'true' if denominator is none else 'false' }} as is_amount,
            cast({{ numerator }} as decimal(38, 6)) as numerator,
            cast({{ denominator or 'null' }} as decimal(38, 6)) as denominator
        from {{ relation }}
        where {{ numerator }} is not null{{ ' and ' ~ denominator ~ ' is not null' if denominator }}
        {{ '' if loop.last else 'union all' }}
    {% endfor %}

),

kpis as (

    select
        kpi,
        is_amount,
        min(month) as first_month
    from summed_months
    group by kpi, is_amount

),

all_months as (

    {{ month_spine('(select min(first_month) from kpis)', last_reporting_day()) }}

),

-- every month since a KPI's first, so that so many rows are so many months
filled_months as (

    select
        kpis.kpi,
        kpis.is_amount,
        all_months.month,
        summed_months.numerator,
        summed_months.denominator
    from kpis
    inner join all_months on kpis.first_month <= all_months.month
    left join summed_months
        on
            kpis.kpi = summed_months.kpi
            and all_months.month = summed_months.month

),

-- a period that began before the KPI's first month would be called twelve months and hold fewer
summed as (

    {% for period, months in kpi_periods().items() %}
        {% set window %}
            over (partition by kpi order by month asc rows between {{ months - 1 }} preceding and current row)
        {% endset %}
        select
            kpi,
            month,
            '{{ period }}' as period,
            {{ months }} as period_months,
            is_amount,
            sum(numerator) {{ window | trim }} as numerator,
            sum(denominator) {{ window | trim }} as denominator,
            count(*) {{ window | trim }} as months_there
        from filled_months
        {{ '' if loop.last else 'union all' }}
    {% endfor %}

),

standing as (

    {% for kpi, relation, numerator, denominator, period in kpis_to_read(standing_kpis()) %}
        select
            '{{ kpi }}' as kpi,
            month,
            '{{ period }}' as period,
            {{ kpi_periods()[period] }} as period_months,
            {{ 'true' if denominator is none else 'false' }} as is_amount,
            cast({{ numerator }} as decimal(38, 6)) as numerator,
            cast({{ denominator or 'null' }} as decimal(38, 6)) as denominator,
            cast({{ numerator }} as double) as figure
        from {{ relation }}
        where {{ numerator }} is not null{{ ' and ' ~ denominator ~ ' is not null' if denominator }}
        {{ '' if loop.last else 'union all' }}
    {% endfor %}

),

periods as (

    select
        month,
        kpi,
        period,
        period_months,
        is_amount,
        numerator,
        denominator,
        cast(numerator as double) as figure
    from summed
    where months_there = period_months

    union all

    select
        month,
        kpi,
        period,
        period_months,
        is_amount,
        numerator,
        denominator,
        figure
    from standing

),

final as (

    select
        month,
        kpi,
        period,
        cast(period_months as integer) as period_months,
        {{ is_reporting_month_complete('month') }} as is_complete,
        cast(numerator as decimal(38, 6)) as numerator,
        cast(denominator as decimal(38, 6)) as denominator,
        case
            when is_amount then figure
            when kpi = 'nps' then cast({{ net_promoter_score('numerator', '0', 'denominator') }} as double)
            else {{ exact_rate('numerator', 'denominator') }}
        end as actual
    from periods

)

select * from final
