{{ config(meta={'dagster': {'ref': {'name': 'metric_thresholds'}}}) }}

-- Every threshold that a model asks for by name stands in seed metric_thresholds: a missing one would turn rows into
-- nulls.
with needed as (

    select 'renewal_on_time_days' as name
    union all
    select 'renewal_merge_days' as name
    union all
    select 'renewal_grace_days' as name
    union all
    select 'ltv_churn_months' as name
    union all
    select 'ltv_discount_rate' as name
    union all
    select 'ltv_minimum_renewals' as name
    union all
    select 'ltv_minimum_losses' as name
    union all
    select 'renewal_forecast_history_days' as name
    union all
    select 'renewal_forecast_settled_days' as name
    union all
    select 'renewal_forecast_prior_renewals' as name
    union all
    select 'renewal_forecast_minimum_renewals' as name
    union all
    select 'renewal_forecast_short_horizon_days' as name
    union all
    select 'renewal_forecast_long_horizon_days' as name
    union all
    select 'churn_risk_horizon_days' as name
    union all
    select 'churn_risk_training_months' as name
    union all
    select 'churn_risk_training_rows' as name
    union all
    select 'churn_risk_minimum_churned' as name
    union all
    select 'churn_risk_backtests' as name
    union all
    select 'churn_risk_step_months' as name
    union all
    select 'churn_risk_driver_effect' as name
    union all
    select 'churn_risk_lift_share' as name
    union all
    select 'fcr_window_days' as name
    union all
    select 'business_calendar_days_back' as name
    union all
    select 'business_calendar_days_ahead' as name
    union all
    select 'sla_at_risk_share' as name
    union all
    select 'sla_at_risk_hours' as name
    union all
    select 'backlog_stale_days' as name
    union all
    select 'deflection_hours' as name
    union all
    select 'self_service_comparison_months' as name
    union all
    select 'topic_trend_weeks' as name
    union all
    select 'topic_growth_prior_cases' as name
    union all
    select 'topic_spike_z_score' as name
    union all
    select 'topic_spike_minimum_cases' as name
    union all
    select 'topic_spike_quiet_weeks' as name
    union all
    select 'confidence_standard_errors' as name
    union all
    select 'health_adoption_days' as name
    union all
    select 'health_service_days' as name
    union all
    select 'health_service_case_weight' as name
    union all
    select 'health_service_reopen_weight' as name
    union all
    select 'health_sentiment_days' as name
    union all
    select 'health_sentiment_half_life_days' as name
    union all
    select 'health_sentiment_nps_weight' as name
    union all
    select 'health_sentiment_csat_weight' as name
    union all
    select 'health_sentiment_ces_weight' as name
    union all
    select 'health_relationship_days' as name
    union all
    select 'health_commercial_days' as name
    union all
    select 'health_renewal_ahead_days' as name
    union all
    select 'health_renewal_ahead_weight' as name
    union all
    select 'health_payment_days' as name
    union all
    select 'health_payment_weight' as name
    union all
    select 'health_coverage_floor' as name
    union all
    select 'health_trend_points' as name
    union all
    select 'health_driver_points' as name
    union all
    select 'scorecard_close_share' as name
    union all
    select 'support_effect_months' as name
    union all
    select 'support_effect_follow_up_days' as name
    union all
    select 'account_timeline_automatic_renewal_days' as name
    union all
    select 'health_backtest_short_horizon_days' as name
    union all
    select 'health_backtest_long_horizon_days' as name
    union all
    select 'health_backtest_prior_accounts' as name
    union all
    select 'health_backtest_minimum_churned' as name
    union all
    select 'health_backtest_training_share' as name
    union all
    select 'health_backtest_training_losses' as name
    union all
    select 'health_backtest_prior_losses' as name
    union all
    select 'actions_now_days' as name
    union all
    select 'actions_soon_days' as name
    union all
    select 'actions_page_rows' as name

)

select needed.name
from needed
left join {{ ref('metric_thresholds') }} as thresholds on needed.name = thresholds.name
where thresholds.value is null
