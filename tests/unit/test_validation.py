"""The gate's suites: what they refuse, what they let pass, and what a reader is told."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.validation.docs import write_docs
from orchestration.validation.results import CheckResult
from orchestration.validation.runner import Parameters, row_counts, validate
from orchestration.validation.suites import VOCABULARY, Suite, SuiteError, load_suites, read_suite

PROJECT = Path(__file__).resolve().parents[2]
AS_OF = date(2026, 3, 31)
SUITES = load_suites(PROJECT / "expectations")
MARTS = [suite for suite in SUITES if suite.layer == "marts"]

# Thirty accounts that all began in January 2026 with 100 a month; in March 29 grew to 150 and one left.
COMPANY = """
    create schema staging; create schema intermediate; create schema marts;

    create table marts.dim_accounts as
        select
            printf('a%02d', number) as account_id, 'Customer ' || number as account_name,
            cast(null as varchar) as parent_account_id, 'business' as customer_type,
            cast(case when number = 30 then 0 else 150 end as decimal(18, 6)) as current_mrr,
            number <> 30 as is_active, 'generic' as source
        from range(1, 31) as numbers(number);

    create table marts.fct_mrr_movements as
        select
            account_id, month,
            cast(case when month = date '2026-01-01' then 0 else 100 end as decimal(18, 6)) as opening_mrr,
            cast(case when month = date '2026-01-01' then 100 else 0 end as decimal(18, 6)) as new_mrr,
            cast(0 as decimal(18, 6)) as reactivation_mrr,
            cast(case when month = date '2026-03-01' and is_active then 50 else 0 end as decimal(18, 6))
                as expansion_mrr,
            cast(0 as decimal(18, 6)) as contraction_mrr,
            cast(case when month = date '2026-03-01' and not is_active then 100 else 0 end as decimal(18, 6))
                as churned_mrr,
            cast(0 as decimal(18, 6)) as fx_mrr,
            cast(
                case when month < date '2026-03-01' then 100 when is_active then 150 else 0 end as decimal(18, 6)
            ) as closing_mrr,
            case
                when month = date '2026-01-01' then 'new'
                when month = date '2026-02-01' then 'none'
                when is_active then 'expansion'
                else 'churn'
            end as movement
        from marts.dim_accounts
        cross join (values (date '2026-01-01'), (date '2026-02-01'), (date '2026-03-01')) as months(month);

    create table marts.retention_monthly as
        select
            month, 1 as window_months, dimension, 'x' as dimension_value, 30 as starting_accounts,
            30 as retained_accounts, cast(3000 as decimal(38, 6)) as starting_mrr,
            cast(3000 as decimal(38, 6)) as gross_retained_mrr, cast(3900 as decimal(38, 6)) as net_retained_mrr,
            cast(1 as double) as logo_retention_rate, cast(1 as double) as gross_revenue_retention,
            cast(1.3 as double) as net_revenue_retention
        from (values (date '2026-02-01'), (date '2026-03-01')) as months(month)
        cross join (values ('all'), ('segment'), ('region')) as dimensions(dimension);

    create table marts.retention_breakdown_monthly as
        select
            month, window_months, 'x' as segment, 'x' as region, 'x' as product, 'x' as support_plan,
            'x' as customer_type, starting_accounts, retained_accounts, starting_mrr, gross_retained_mrr,
            net_retained_mrr
        from marts.retention_monthly
        where dimension = 'all';

    create table marts.time_spine_daily as
        select cast(day as date) as date_day
        from generate_series(timestamp '2026-01-01', timestamp '2026-03-31', interval 1 day) as days(day);

    create table intermediate.int_cases as select 'c' || number as case_id from range(1, 31) as numbers(number);
    create table marts.fct_cases as
        select
            case_id, 'a01' as account_id, 'closed' as status, 'customer' as opened_by,
            timestamp '2026-03-01 10:00:00' as created_at, timestamp '2026-03-01 11:00:00' as first_reply_at,
            timestamp '2026-03-01 12:00:00' as last_solved_at, false as is_open, false as is_merged, false as is_deleted,
            3600 as first_reply_seconds, 1800 as first_reply_business_seconds, 7200 as first_resolution_seconds,
            7200 as full_resolution_seconds, 3600 as full_resolution_business_seconds, 7200 as requester_wait_seconds,
            7000 as agent_work_seconds, 200 as on_hold_seconds, 0 as approval_wait_seconds, 300 as handle_seconds,
            1 as public_replies, 0 as reopen_count, 0 as reassignment_count, 0 as team_change_count,
            true as is_first_contact_resolution, cast(75 as decimal(18, 6)) as csat_normalised_score,
            cast(0.5 as decimal(18, 6)) as case_cost
        from intermediate.int_cases;

    create table marts.fct_case_slas as
        select
            'c' || number as case_id, 'Goal' as policy, 'resolution' as metric,
            timestamp '2026-03-31 10:00:00' as applied_at, 'internal' as commitment, 'calendar' as calendar,
            3600 as target_seconds, elapsed_seconds, 0 as paused_seconds, breach_at, completed_at, completed_by,
            completed_by is null as is_active, elapsed_seconds > 3600 as is_breached, outcome, decided_at
        from (values
            (1, 3600, null, timestamp '2026-03-31 11:00:00', 'stop', 'met', timestamp '2026-03-31 11:00:00'),
            (2, 7200, timestamp '2026-03-31 11:00:00', timestamp '2026-03-31 12:00:00', 'stop', 'breached',
                timestamp '2026-03-31 11:00:00'),
            (3, 600, timestamp '2026-04-01 00:50:00', null, null, 'running', null),
            (4, 7200, timestamp '2026-03-31 11:00:00', timestamp '2026-03-31 12:00:00', 'cancelled', 'cancelled', null)
        ) as cases(number, elapsed_seconds, breach_at, completed_at, completed_by, outcome, decided_at);

    create table marts.case_slas_at_risk as
        select
            case_id, policy, metric, applied_at, commitment, 1 as list_position, 'at_risk' as risk,
            3000 as remaining_seconds, breach_at, is_breached
        from marts.fct_case_slas
        where is_active;

    create table marts.customer_actions as
        select
            date '2026-03-31' as as_of_date, printf('a%02d', number) as account_id, 'health_fell' as action,
            number as priority, case when number = 1 then 'now' else 'soon' end as urgency, 'Health fell' as reason,
            cast(150 as decimal(18, 6)) as mrr_at_stake, date '2026-04-01' as due_date, true as is_on_page
        from range(1, 4) as numbers(number);

    create table marts.retention_cohorts as
        select
            date '2026-01-01' as cohort_month, age as months_since_start, 30 as cohort_accounts,
            case when age = 2 then 29 else 30 end as retained_accounts, cast(3000 as decimal(38, 6)) as cohort_mrr,
            cast(2900 as decimal(38, 6)) as gross_retained_mrr, cast(4350 as decimal(38, 6)) as net_retained_mrr
        from range(3) as ages(age);

    create table marts.fct_renewals as
        select
            's' || number as subscription_id, date '2026-02-28' as due_date, 'a01' as account_id, 'renewed' as outcome,
            'on_time' as timing, cast(100 as decimal(18, 6)) as due_mrr, cast(100 as decimal(18, 6)) as renewed_mrr,
            date '2026-02-28' as decided_on
        from range(3) as numbers(number);

    create table marts.renewal_rates_monthly as
        select
            date '2026-02-01' as month, dimension, 'x' as dimension_value, 3 as due_count, 3 as renewed_count,
            0 as pending_count, cast(3600 as decimal(38, 6)) as due_arr,
            cast(3600 as decimal(38, 6)) as gross_renewed_arr, cast(3600 as decimal(38, 6)) as net_renewed_arr,
            cast(1 as double) as renewal_rate_count, cast(1 as double) as renewal_rate_gross,
            cast(1 as double) as renewal_rate_net
        from (values ('all'), ('product')) as dimensions(dimension);

    create table marts.renewal_breakdown_monthly as
        select
            month, 'x' as segment, 'x' as region, 'x' as product, 'x' as support_plan, 'x' as customer_type, due_count,
            renewed_count, pending_count, due_arr, gross_renewed_arr, net_renewed_arr
        from marts.renewal_rates_monthly
        where dimension = 'all';

    create table marts.fct_churn as
        select
            'a30' as account_id, date '2026-03-15' as churned_on, cast(100 as decimal(18, 6)) as churned_mrr,
            2 as tenure_months, true as is_voluntary, cast(31 as double) as last_health_score,
            cast(null as date) as returned_on;

    create table marts.churn_monthly as
        select
            date '2026-03-01' as month, dimension, 'x' as dimension_value, 30 as starting_accounts,
            1 as churned_accounts, cast(3000 as decimal(38, 6)) as starting_mrr,
            cast(100 as decimal(38, 6)) as churned_mrr, cast(0 as decimal(38, 6)) as contraction_mrr,
            cast(1450 as decimal(38, 6)) as expansion_mrr, cast(0 as decimal(38, 6)) as reactivation_mrr,
            1 / 30 as logo_churn_rate, 1 / 30 as gross_mrr_churn_rate, -0.45 as net_mrr_churn_rate
        from (values ('all'), ('customer_type')) as dimensions(dimension);

    create table marts.account_lifetime_value as
        select
            account_id, cast(350 as decimal(18, 6)) as historic_revenue, cast(280 as decimal(18, 6)) as historic_margin,
            cast(case when is_active then 900 end as decimal(18, 6)) as margin_per_period,
            cast(case when is_active then 2 else 0 end as double) as expected_remaining_periods,
            cast(case when is_active then 1800 else 0 end as decimal(18, 6)) as expected_remaining_value,
            cast(case when is_active then 2080 else 280 end as decimal(18, 6)) as lifetime_value,
            cast(4000 as decimal(18, 6)) as simple_ltv, cast(8 as double) as ltv_to_cac,
            case when is_active then 'sbg_segment' else 'historic' end as method
        from marts.dim_accounts;

    create table marts.ltv_parameters_by_period as
        select
            'x' as segment, cast(12 as decimal(9, 2)) as period_months, 'sbg_segment' as method, false as is_pooled,
            cast(1 as double) as alpha, cast(2 as double) as beta, cast(-9 as double) as log_likelihood,
            cast(0.8 as double) as renewal_rate, 30 as customers, 2 as periods_observed, 200 as renewals_observed,
            40 as losses_observed, 'fitted' as segment_fit_status, cast(0.1 as double) as discount_rate,
            cast(0.8 as decimal(9, 6)) as gross_margin;

    create table marts.ltv_parameters as
        select * from marts.ltv_parameters_by_period;

    create table marts.churn_survival as
        select
            dimension, 'x' as dimension_value, tenure_month, case when tenure_month = 3 then 29 else 30 end as at_risk,
            case when tenure_month = 2 then 1 else 0 end as churned,
            case when tenure_month = 3 then 29 else 0 end as censored,
            cast(case when tenure_month < 2 then 1 else 29 / 30 end as double) as survival,
            cast(case when tenure_month < 2 then 0 else 0.03 end as double) as std_error
        from (values ('all'), ('segment')) as dimensions(dimension)
        cross join range(0, 4) as months(tenure_month);

    create table marts.retention_cost_monthly as
        select
            month, cast(600 as decimal(18, 6)) as retention_cost, retained_accounts, net_retained_mrr as retained_mrr,
            600 / retained_accounts as cost_per_retained_account,
            cast(600 / net_retained_mrr as double) as cost_share_of_retained_mrr
        from marts.retention_monthly
        where dimension = 'all' and window_months = 1;

    create table marts.fct_account_health as
        select
            account_id, as_of_date, cast(70 as double) as health_score, cast(null as double) as score_4_weeks_ago,
            cast(1 as double) as coverage, 'healthy' as risk_band, 'flat' as trend,
            'no change of 5 points or more' as trend_driver
        from marts.dim_accounts
        cross join (values (date '2026-03-30'), (date '2026-03-31')) as dates(as_of_date)
        where is_active;

    create table marts.fct_account_health_components as
        select
            account_id, as_of_date, component, cast(70 as double) as component_score, cast(0.5 as double) as weight,
            cast(0.5 as double) as effective_weight, cast(35 as double) as contribution
        from marts.fct_account_health
        cross join (values ('adoption'), ('service')) as components(component);

    create table marts.fct_parent_mrr_movements as
        select
            account_id as ultimate_parent_account_id, month, opening_mrr, new_mrr, reactivation_mrr, expansion_mrr,
            contraction_mrr, churned_mrr, fx_mrr, closing_mrr, movement,
            cast(opening_mrr > 0 as integer) as opening_accounts, cast(closing_mrr > 0 as integer) as closing_accounts
        from marts.fct_mrr_movements;

    create table marts.parent_retention_monthly as
        select * rename (starting_accounts as starting_parents, retained_accounts as retained_parents)
        from marts.retention_monthly;

    create table marts.renewal_forecast as
        select
            's' || number as subscription_id, 'a01' as account_id, date '2026-06-30' as due_date,
            cast(1200 as decimal(18, 6)) as due_arr, cast(0.75 as double) as renewal_probability,
            cast(900 as decimal(18, 6)) as expected_arr, 91 as days_until_due, true as is_auto_renewal,
            date '2026-05-31' as notice_deadline, false as is_notice_deadline_past, 'healthy' as risk_band,
            'automatic' as renewal_kind, 'one quarter ahead' as lead_time, 40 as compared_renewals, 30 as compared_renewed
        from range(3) as numbers(number);

    create table marts.renewal_forecast_backtest as
        select
            date '2025-12-31' as as_of_date, horizon_days, 40 as renewals, 30 as renewed,
            cast(0.18 as double) as brier_score, cast(0.19 as double) as brier_score_constant,
            cast(0.7 as double) as auc, cast(48000 as decimal(38, 6)) as due_arr,
            cast(36500 as decimal(38, 6)) as expected_arr, cast(36000 as decimal(38, 6)) as renewed_due_arr,
            cast(36000 as decimal(38, 6)) as gross_renewed_arr, cast(37000 as decimal(38, 6)) as net_renewed_arr
        from (values (30), (90)) as horizons(horizon_days);

    create table marts.renewal_forecast_calibration as
        select
            90 as horizon_days, '70–80 %' as probability_band, 40 as renewals, cast(0.75 as double) as mean_probability,
            cast(0.75 as double) as renewed_share;

    create table marts.health_backtest as
        select
            date '2025-06-30' as as_of_date, horizon_days, 30 as accounts, 3 as churned, 1 as unscored_accounts,
            0 as unscored_churned, cast(0.8 as double) as auc, cast(0.08 as double) as brier_score,
            cast(0.09 as double) as brier_constant, 4 as at_risk_accounts, 2 as at_risk_churned,
            cast(0.5 as double) as at_risk_precision, cast(2 / 3 as double) as at_risk_recall
        from (values (90), (180)) as horizons(horizon_days);

    create table marts.health_backtest_bands as
        select
            90 as horizon_days, decile as score_decile, 3 as accounts, case when decile = 1 then 3 else 0 end as churned,
            cast(case when decile = 1 then 1 else 0 end as double) as churn_rate,
            cast(case when decile = 1 then 0.4 else 0 end as double) as churn_rate_lower,
            cast(case when decile = 1 then 1 else 0.6 end as double) as churn_rate_upper,
            cast(10 * decile - 8 as double) as score_from, cast(10 * decile as double) as score_to,
            cast(10 * decile - 4 as double) as mean_score
        from range(1, 11) as deciles(decile);

    create table marts.account_churn_risk as
        select
            account_id, date '2026-03-31' as as_of_date, 90 as horizon_days, cast(0.25 as double) as churn_probability,
            cast(row_number() over (order by account_id) as integer) as risk_rank, 'few seats in use' as top_drivers,
            'logistic' as model, 'logistic 2025-12-31 0' as model_version, cast(null as boolean) as is_churned
        from marts.dim_accounts
        where is_active;

    create table marts.churn_risk_backtest as
        select
            date '2025-12-31' as as_of_date, 90 as horizon_days, model, 30 as accounts, 3 as churned,
            cast(3 as double) as expected_churned, auc, brier_score, top_accounts, top_churned, lift
        from (values
            ('logistic', 0.9, 0.05, 3, 2, 6.67), ('health_score', 0.8, 0.07, 3, 1, 3.33), ('constant', 0.5, 0.09, null, null, null)
        ) as models(model, auc, brier_score, top_accounts, top_churned, lift);

    create table marts.churn_risk_calibration as
        select
            'logistic' as model, decile as risk_decile, 3 as accounts, case when decile = 1 then 3 else 0 end as churned,
            cast(0.1 as double) as mean_probability, cast(case when decile = 1 then 1 else 0 end as double) as churn_rate
        from range(1, 11) as deciles(decile);

    create table marts.churn_risk_coefficients as
        select
            date '2026-03-31' as as_of_date, 'logistic' as model, feature, cast(1 as double) as coefficient,
            cast(0 as double) as center, date '2025-01-31' as trained_from, date '2025-12-31' as trained_to
        from (values ('intercept'), ('adoption')) as features(feature);

    create table marts.dim_agents as
        select
            'g' || number as agent_id, 'Agent ' || number as full_name, 'Front line' as team, false as is_bot,
            timestamp '2025-01-01' as hired_at, cast(null as timestamp) as left_at, date '2025-01-01' as hired_on,
            cast(null as date) as left_on, 'generic' as source
        from range(3) as numbers(number);

    create table marts.agent_performance_monthly as
        select
            agent_id, date '2026-03-01' as month, team, 10 as cases_solved, 20 as days_worked,
            cast(0.5 as double) as cases_per_day, 2 as chats_handled, 600 as handle_seconds_sum, 2 as handled_cases,
            cast(300 as double) as average_handle_seconds, 1 as csat_responses, cast(4 as double) as csat_score,
            1 as csat_scale_min, 5 as csat_scale_max, 0 as quality_review_responses,
            cast(null as double) as quality_review_score, cast(null as integer) as quality_review_scale_min,
            cast(null as integer) as quality_review_scale_max, 1 as engagement_responses,
            cast(4 as double) as engagement_score, 1 as engagement_scale_min, 5 as engagement_scale_max,
            cast(1 as double) as vs_team
        from marts.dim_agents;

    create table marts.team_attrition_monthly as
        select
            'Front line' as team, date '2026-03-01' as month, 4 as starting_agents, 1 as joined_agents, 1 as left_agents,
            1 as joined_and_left_agents, 3 as ending_agents, cast(0.25 as double) as attrition_rate,
            3 as engagement_responses, cast(4 as double) as engagement_score, 1 as engagement_scale_min,
            5 as engagement_scale_max;

    create table marts.kpi_scorecard as
        select
            date '2026-03-01' as month, kpi, 'Head of customer success' as owner, 'month' as period, 'share' as unit,
            cast(29 as decimal(38, 6)) as numerator, cast(30 as decimal(38, 6)) as denominator,
            cast(29 / 30 as double) as actual, target, 'high_is_good' as direction, status, 'same' as trend
        from (values ('one', 0.9, 'met'), ('two', 0.99, 'close'), ('three', null, null)) as kpis(kpi, target, status);

    create table marts.activity_metrics_monthly as
        select
            date '2026-03-01' as month, kind, dimension, 'x' as dimension_value, 30 as activities,
            900 as duration_seconds_sum, 20 as accounts_touched
        from (values ('call'), ('reply')) as kinds(kind)
        cross join (values ('all'), ('team'), ('segment')) as dimensions(dimension);

    create table intermediate.int_agents as select agent_id, hired_at from marts.dim_agents;
    create table marts.fct_survey_responses as
        select
            'r' || number as response_id, 'nps' as survey_type, timestamp '2026-03-10 12:00:00' as responded_at,
            9 as score, 0 as scale_min, 10 as scale_max, true as high_is_good,
            cast(90 as decimal(18, 6)) as normalised_score, true as is_valid, cast(null as varchar) as invalid_reason,
            'good' as answer_group, 'promoter' as nps_group, 'Too expensive' as comment
        from range(3) as numbers(number);

    create table marts.voice_of_customer_by_scale_monthly as
        select
            date '2026-03-01' as month, 'nps' as survey_type, 0 as scale_min, 10 as scale_max, true as high_is_good,
            dimension, 'x' as dimension_value, true as is_leading_scale, 3 as responses, 100 as nps,
            cast(null as double) as csat_top_box_rate, cast(null as double) as ces_easy_rate,
            cast(9 as double) as mean_score
        from (values ('all'), ('segment')) as dimensions(dimension);

    create table marts.voice_of_customer_monthly as
        select
            *, 6 as sent, 3 as answered, cast(0.5 as double) as response_rate, 3 as promoters, 0 as passives,
            0 as detractors, cast(0 as double) as nps_margin_of_error, 3 as mean_responses, 27 as score_sum
        from marts.voice_of_customer_by_scale_monthly;

    create table marts.feedback_themes_monthly as
        select
            date '2026-03-01' as month, 'nps' as survey_type, 'price' as theme, 3 as mentions, 2 as accounts,
            3 as scored_mentions, cast(90 as double) as mean_normalised_score, 'Too expensive' as sample_comment;

    create table marts.support_plan_effect as
        select
            'premium' as support_plan, 30 as accounts, 1 as churned_accounts, cast(0.033 as double) as churn_rate,
            cast(0.006 as double) as churn_rate_low, cast(0.167 as double) as churn_rate_high, 10 as promised_replies,
            9 as replies_within_promise, cast(0.9 as double) as first_reply_within_promise_rate,
            5 as good_contact_accounts, 0 as churned_after_good_contact,
            cast(0 as double) as churn_after_good_contact_rate, cast(0 as double) as churn_after_good_contact_rate_low,
            cast(0.43 as double) as churn_after_good_contact_rate_high, 0 as bad_contact_accounts,
            0 as churned_after_bad_contact, cast(null as double) as churn_after_bad_contact_rate,
            cast(null as double) as churn_after_bad_contact_rate_low,
            cast(null as double) as churn_after_bad_contact_rate_high;

    create table marts.self_service_monthly as
        select
            month, customer_type, 10 as self_service_sessions, 7 as sessions_without_case, 1 as sessions_with_case,
            0 as pending_sessions, 2 as anonymous_sessions, cast(0.875 as double) as deflection_rate_sessions,
            4 as self_service_resolutions, 6 as cases, cast(0.4 as double) as self_service_share,
            cast(218 as decimal(38, 6)) as saved_cost
        from (values (date '2026-02-01'), (date '2026-03-01')) as months(month)
        cross join (values ('business'), ('unknown')) as customer_types(customer_type);

    create table marts.self_service_before_after as
        select
            customer_type, metric, date '2026-01-01' as launched_on, 3 as window_months, date '2025-01-01' as before_from,
            cast(0.25 as double) as before_value, cast(0.5 as double) as after_value, cast(0.25 as double) as change
        from (values ('all'), ('business')) as customer_types(customer_type)
        cross join (values ('self_service_share'), ('nps')) as metrics(metric);

    create table marts.topic_trends_weekly as
        select
            'billing' as topic, cast(week as date) as week, 12 as cases, 'last_year' as expectation,
            cast(4 as double) as expected_cases, cast(2 as double) as z_score, false as is_spike, false as is_new_spike,
            cast(null as date) as spike_started_on
        from generate_series(timestamp '2026-03-02', timestamp '2026-03-30', interval 7 day) as weeks(week);

    create table marts.product_issues as
        select
            'Ledger' as product, topic, 'bug' as case_type, 9 as cases, 1 as open_cases, 5 - rank as affected_accounts,
            cast(750 as decimal(38, 6)) as affected_mrr, timestamp '2026-01-05 12:00:00' as first_seen_at,
            timestamp '2026-03-05 12:00:00' as last_seen_at, rank
        from (values ('login', 1), ('billing', 2)) as topics(topic, rank);

    create table marts.product_adoption_monthly as
        select
            account_id, 'Ledger' as product, month, true as is_usage_known, is_entitled, 10 as licensed_seats,
            active_users, case when is_entitled then 10 - active_users end as unused_seats,
            cast(active_users as double) / 10 as seat_utilisation, active_users * 9 as event_count,
            cast(0.5 as double) as feature_breadth, sign(active_users) as active_days, 28 as days,
            cast(0.04 as double) as stickiness, is_entitled and active_users > 4 as is_adopted,
            month = date '2026-02-01' and is_entitled as is_first_month,
            case when is_entitled then date '2026-02-01' end as first_entitled_on,
            case when is_entitled and active_users > 0 then date '2026-02-07' end as first_value_at,
            case when is_entitled and active_users > 0 then 6 end as days_to_first_value
        from (values ('a01', 8, true), ('a02', 0, true), ('a03', 3, false))
            as accounts(account_id, active_users, is_entitled)
        cross join (values (date '2026-02-01'), (date '2026-03-01')) as months(month);

    create table marts.adoption_rates_monthly as
        select
            product, month, true as is_complete, is_usage_known, 2 as entitled_accounts, 1 as using_accounts,
            1 as adopting_accounts, cast(0.5 as double) as adoption_rate, 0 as trial_accounts,
            1 as unentitled_accounts, 20 as licensed_seats, 8 as seated_active_users, 12 as unused_seats,
            cast(0.4 as double) as seat_utilisation
        from marts.product_adoption_monthly
        where account_id = 'a01';

    create table marts.case_backlog_daily as
        select
            day as date, 'phone' as channel, 'Front line' as team, 'retail' as service_process,
            case when day = date '2026-03-30' then 0 else 3 end as opening_backlog, 3 as created, 0 as reopened,
            0 as undeleted, case when day = date '2026-03-30' then 0 else 3 end as solved, 0 as deleted, 0 as merged,
            3 as closing_backlog, 1 as unassigned, 0 as stale_5_days
        from (values (date '2026-03-30'), (date '2026-03-31')) as days(day);

    create table marts.service_metrics_monthly as
        select
            date '2026-03-01' as month, dimension, 'x' as dimension_value, false as is_complete, 6 as cases_created,
            3 as cases_solved, 3 as closing_backlog, 7200 as resolution_seconds_sum,
            3600 as resolution_business_seconds_sum, cast(2400 as double) as mean_time_to_resolve_seconds,
            cast(2400 as double) as median_time_to_resolve_seconds, cast(3000 as double) as p90_time_to_resolve_seconds,
            1 as approvals, cast(600 as double) as mean_first_reply_seconds,
            cast(600 as double) as median_first_reply_seconds, cast(900 as double) as p90_first_reply_seconds,
            900 as handle_seconds_sum, 3 as handled_cases, cast(300 as double) as average_handle_seconds,
            2 as fcr_eligible, 1 as fcr_resolved, cast(0.5 as double) as first_contact_resolution_rate, 3 as sla_met,
            1 as sla_breached, cast(0.75 as double) as sla_compliance_rate, 1 as internal_sla_met,
            0 as internal_sla_breached, cast(1 as double) as internal_sla_compliance_rate, 1 as reopened_cases,
            cast(0.33 as double) as reopen_rate, cast(330 as decimal(38, 6)) as cost, cast(55 as double) as cost_per_case,
            cast(case when dimension = 'all' then 100 end as double) as fully_loaded_cost_per_case
        from (values ('all'), ('channel')) as dimensions(dimension);

    create table marts.cost_to_serve_monthly as
        select
            account_id, month, 1 as cases, cast(55 as decimal(38, 6)) as case_cost, closing_mrr,
            cast(case when closing_mrr > 0 then 55 / closing_mrr end as double) as cost_share_of_mrr
        from marts.fct_mrr_movements
        where month = date '2026-03-01';

    create table marts.account_360 as
        select
            account_id, is_active, current_mrr, 12 * current_mrr as arr, date '2026-01-01' as customer_since,
            3 as tenure_months, cast(null as date) as last_churned_on, cast(null as date) as returned_on,
            date '2026-03-30' as last_used_on, cast(null as date) as notice_given_on,
            case when is_active then cast(80 as double) end as health_score, case when is_active then 'healthy' end as risk_band,
            case when is_active then 'flat' end as health_trend, cast(0.1 as double) as churn_probability,
            date '2026-03-31' as next_renewal_date, 1800 as next_renewal_arr,
            cast(0.9 as double) as next_renewal_probability, date '2026-03-01' as next_notice_deadline, 1 as open_cases,
            0 as oldest_open_case_days, 1 as cases_last_90_days, 2 as cases_lifetime,
            timestamp '2026-03-31 12:00:00' as last_interaction_at, 'call' as last_interaction_kind, 9 as last_nps_score,
            timestamp '2026-03-10 12:00:00' as last_nps_at, 4 as last_csat_score, 1 as last_csat_scale_min,
            5 as last_csat_scale_max, timestamp '2026-03-31 23:59:59' as last_csat_at,
            cast(null as timestamp) as last_unhappy_answer_at
        from marts.dim_accounts;

    create table marts.account_timeline as
        select
            account_id, timestamp '2026-03-31 23:59:59' as occurred_at, '70-case:' || account_id as entry_id,
            'case_opened' as kind, 'Case opened' as title, 'by phone' as detail
        from marts.dim_accounts;

    create table intermediate.int_accounts as select account_id, false as is_deleted from marts.dim_accounts;
    create table intermediate.int_subscription_terms_due as select 's0' as subscription_id, false as is_amended;
    create table staging.stg_generic__accounts as select 'a01' as account_id, false as is_deleted;
    create table staging.stg_generic__subscriptions as
        select
            's0' as subscription_id, 100 as amount, 'month' as billing_period, false as is_trial, false as is_deleted,
            date '2026-01-01' as start_date, date '2026-02-28' as end_date, cast(null as timestamp) as cancelled_at,
            cast(null as date) as ended_at;
    create table staging.stg_salesforce__accounts as select * from staging.stg_generic__accounts where false;
    create table staging.stg_salesforce__subscriptions as select * from staging.stg_generic__subscriptions where false;
"""


def build(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        for statement in (COMPANY, *statements):
            connection.execute(statement)
    return path


def by_name(results: Iterable[CheckResult]) -> dict[str, CheckResult]:
    return {result.check_name: result for result in results}


def unmet(results: Iterable[CheckResult]) -> list[tuple[str, str, str]]:
    return [(result.check_name, result.status, result.detail) for result in results if not result.passed]


def suite_of(folder: Path, text: str, name: str = "t") -> Suite:
    path = folder / "expectations" / "marts" / f"{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return read_suite(path, folder / "expectations")


DAMAGE = (
    "update marts.fct_mrr_movements set closing_mrr = -5 where account_id = 'a03' and month = '2026-02-01'",
    "insert into marts.fct_mrr_movements select * from marts.fct_mrr_movements where account_id = 'a04'",
    "update marts.fct_mrr_movements set account_id = null where account_id = 'a05' and month = '2026-03-01'",
    "update marts.fct_mrr_movements set movement = 'sideways' where account_id = 'a06' and month = '2026-01-01'",
    "update marts.fct_mrr_movements set month = '2026-02-03' where account_id = 'a07' and month = '2026-02-01'",
    "update marts.retention_monthly set net_revenue_retention = 'nan'::double where dimension = 'segment'",
    "update marts.retention_monthly set logo_retention_rate = 1.25 where dimension = 'region'",
    "update marts.retention_monthly set starting_mrr = 2999 where dimension = 'region'",
    "update marts.fct_account_health set health_score = 104 where account_id = 'a08' and as_of_date = '2026-03-31'",
    "update marts.dim_accounts set customer_type = 'martian' where account_id = 'a30'",
    "delete from marts.dim_accounts where account_id <= 'a10'",
    "delete from marts.account_lifetime_value",
    "alter table marts.fct_renewals drop column due_mrr",
    "alter table marts.churn_monthly alter column logo_churn_rate type varchar",
    "drop table marts.fct_churn",
    "drop table marts.retention_cohorts",
    "create table staging.soon_gone as select 1 as cohort_month",
    "create view marts.retention_cohorts as select cohort_month from staging.soon_gone",
    "drop table staging.soon_gone",
)
PUBLISHED = {suite.table: 1 for suite in MARTS} | {"marts.dim_accounts": 30}
AT_THE_GATE = Parameters(as_of_date=AS_OF, previous_as_of_date=AS_OF, previous_row_counts=PUBLISHED)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sound") / "build.duckdb")


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company with every kind of damage, each where it does not hide another."""
    return build(tmp_path_factory.mktemp("damaged") / "build.duckdb", *DAMAGE)


@pytest.fixture(scope="module")
def verdicts(damaged: Path) -> dict[str, CheckResult]:
    return by_name(validate(damaged, MARTS, AT_THE_GATE))


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check_name", "status", "severity", "told"),
    [
        ("fct_mrr_movements.range_closing_mrr", "failed", "critical", ["closing_mrr is at least 0", "a03", "-5"]),
        ("fct_mrr_movements.mrr_bridge_closes", "failed", "critical", ["closing, to the cent", "a03", "-5"]),
        ("fct_mrr_movements.unique_account_id_month", "failed", "critical", ["account_id, month", "a04", "2026-03-01"]),
        ("fct_mrr_movements.not_null_account_id", "failed", "critical", ["account_id is not empty", "2026-03-01"]),
        ("fct_mrr_movements.allowed_movement", "failed", "critical", ["movement is one of new", "a06", "sideways"]),
        ("fct_mrr_movements.month_is_a_month_begun", "failed", "critical", ["first day of a month", "2026-02-03"]),
        ("retention_monthly.range_net_revenue_retention", "failed", "critical", ["net_revenue_retention", "NaN"]),
        ("retention_monthly.range_logo_retention_rate", "failed", "critical", ["at most 1", "region", "1.25"]),
        ("retention_monthly.dimensions_sum_to_all", "failed", "critical", ["add up", "region"]),
        ("fct_account_health.range_health_score", "failed", "critical", ["at most 100", "a08", "104"]),
        ("fct_account_health_components.contributions_sum_to_score", "failed", "critical", ["a08", "104", "70"]),
        ("dim_accounts.allowed_customer_type", "failed", "warning", ["business, individual", "a30", "martian"]),
        ("dim_accounts.row_count_against_published", "failed", "critical", ["at least 90%", "has 30", "20 rows"]),
        ("dim_accounts.accounts_of_movements_known", "failed", "critical", ["every account that has revenue", "a01"]),
        ("account_lifetime_value.not_empty", "failed", "critical", ["customers of value"]),
        ("fct_renewals.range_due_mrr", "error", "critical", ["could not be evaluated", "due_mrr", "does not exist"]),
        ("churn_monthly.range_logo_churn_rate", "error", "critical", ["logo_churn_rate", "Cannot compare", "VARCHAR"]),
    ],
)
def test_damage_is_told_with_its_severity_column_and_values(
    verdicts: dict[str, CheckResult], check_name: str, status: str, severity: str, told: list[str]
) -> None:
    result = verdicts[f"marts.{check_name}"]
    assert (result.status, result.severity) == (status, severity)
    assert result.is_blocking == (severity == "critical")
    for text in told:
        assert text.lower() in result.detail.lower()


def test_one_damaged_column_does_not_take_the_table_s_other_checks_down(verdicts: dict[str, CheckResult]) -> None:
    assert verdicts["marts.churn_monthly.unique_month_dimension_dimension_value"].status == "passed"
    assert verdicts["marts.fct_renewals.allowed_outcome"].status == "passed"
    assert verdicts["marts.fct_mrr_movements.range_opening_mrr"].status == "passed"


@pytest.mark.parametrize("table", ["marts.fct_churn", "marts.retention_cohorts"])
def test_every_check_of_a_table_that_is_missing_or_cannot_be_read_is_an_error(
    verdicts: dict[str, CheckResult], table: str
) -> None:
    results = [result for result in verdicts.values() if result.target == table]
    assert len(results) == next(len(suite.checks) for suite in MARTS if suite.table == table)
    assert {result.status for result in results} == {"error"}
    assert all(table in result.detail and "does not exist" in result.detail for result in results)


def test_an_expectation_that_raises_is_an_error_and_blocks(tmp_path: Path, sound: Path) -> None:
    suite = suite_of(
        tmp_path,
        """
        table: marts.dim_accounts
        key: [account_id]
        checks:
          - expectation: unexpected_rows_expectation
            name: divides_text
            arguments:
              unexpected_rows_query: "select account_id from {batch} where cast(account_id as integer) > 0"
            expected: nothing
            severity: critical
            why: it raises
        """,
        name="dim_accounts",
    )
    (result,) = validate(sound, [suite])
    assert (result.status, result.is_blocking) == ("error", True)
    assert "Conversion Error" in result.detail
    assert "[SQL" not in result.detail


def test_a_query_that_needs_the_as_of_date_is_an_error_without_one(sound: Path) -> None:
    movements = [suite for suite in MARTS if suite.table == "marts.fct_mrr_movements"]
    result = by_name(validate(sound, movements))["marts.fct_mrr_movements.month_is_a_month_begun"]
    assert result.status == "error"
    assert "as-of date" in result.detail


def test_two_validations_of_one_database_tell_the_same(damaged: Path, verdicts: dict[str, CheckResult]) -> None:
    damaged_most = [suite for suite in MARTS if suite.table in ("marts.fct_mrr_movements", "marts.fct_renewals")]
    again = by_name(validate(damaged, damaged_most, AT_THE_GATE))
    assert again == {name: verdicts[name] for name in again}
    assert len(unmet(again.values())) > 5


# --- what must pass -------------------------------------------------------------------------------------------------


def test_a_sound_company_passes_every_check_of_every_mart(sound: Path) -> None:
    results = validate(sound, MARTS, Parameters(as_of_date=AS_OF))
    assert unmet(results) == []
    assert len(results) == sum(len(suite.checks) for suite in MARTS)
    assert [result.check_name for result in results] == [check.check_name for suite in MARTS for check in suite.checks]


def test_a_company_without_any_extract_passes_because_absent_is_empty(tmp_path: Path, sound: Path) -> None:
    with duckdb.connect(str(sound), read_only=True) as connection:
        tables = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
    empty = build(tmp_path / "build.duckdb", *(f"delete from {schema}.{table}" for schema, table in tables))
    assert unmet(validate(empty, MARTS, Parameters(as_of_date=AS_OF))) == []


def test_an_undefined_ratio_never_passes_as_a_number(tmp_path: Path) -> None:
    database = build(
        tmp_path / "build.duckdb",
        "update marts.account_lifetime_value set ltv_to_cac = 'nan'::double where account_id = 'a02'",
    )
    suite = [suite for suite in MARTS if suite.table == "marts.account_lifetime_value"]
    result = by_name(validate(database, suite, Parameters(as_of_date=AS_OF)))[
        "marts.account_lifetime_value.range_ltv_to_cac"
    ]
    assert result.status == "failed"
    assert "account_id = a02, ltv_to_cac = NaN" in result.detail


# --- volume ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "status", "told"),
    [
        (Parameters(), "passed", "no published version to compare with"),
        (Parameters(previous_row_counts={"marts.other": 5}), "passed", "has no such table"),
        (Parameters(previous_row_counts={"marts.dim_accounts": 33}), "passed", "has 33"),
        (Parameters(previous_row_counts={"marts.dim_accounts": 34}), "failed", "has 34"),
        (
            Parameters(AS_OF, date(2026, 4, 1), previous_row_counts={"marts.dim_accounts": 34}),
            "passed",
            "as of a later date, 2026-04-01",
        ),
        (
            Parameters(AS_OF, date(2026, 3, 30), previous_row_counts={"marts.dim_accounts": 45}),
            "failed",
            "has 45",
        ),
    ],
)
def test_rows_may_not_fall_below_the_declared_share_unless_nothing_can_be_compared(
    tmp_path: Path, sound: Path, parameters: Parameters, status: str, told: str
) -> None:
    suite = suite_of(
        tmp_path,
        """
        table: marts.dim_accounts
        key: [account_id]
        checks:
          - expectation: expect_table_row_count_not_to_fall
            arguments: {share: 0.9}
            severity: critical
            why: rows do not vanish
        """,
        name="dim_accounts",
    )
    (result,) = validate(sound, [suite], parameters)
    assert result.status == status
    assert told in result.detail
    assert result.observed == "30 rows"


def test_row_counts_of_a_published_version_are_by_schema_and_table(sound: Path, tmp_path: Path) -> None:
    counts = row_counts(sound, "marts")
    assert counts["marts.dim_accounts"] == 30
    assert counts["marts.fct_mrr_movements"] == 90
    assert set(counts) == {suite.table for suite in MARTS}
    assert row_counts(tmp_path / "never_published.duckdb", "marts") == {}


# --- what a validation leaves behind --------------------------------------------------------------------------------


def test_nothing_is_written_and_the_file_is_free_afterwards(
    damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = hashlib.sha256(damaged.read_bytes()).hexdigest()
    validate(damaged, MARTS[:2], AT_THE_GATE, engine_options={"memory_limit": "1GB", "threads": "2"})
    assert hashlib.sha256(damaged.read_bytes()).hexdigest() == before
    assert [path.name for path in damaged.parent.iterdir()] == ["build.duckdb"]
    assert list(tmp_path.iterdir()) == []
    with duckdb.connect(str(damaged)) as connection:  # a writer: fails while any reader is left open
        assert connection.execute("select count(*) from marts.dim_accounts").fetchone() == (20,)


def test_a_folder_whose_name_a_connection_string_would_misread_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "a $D %20 é"
    folder.mkdir()
    suite = [suite for suite in MARTS if suite.table == "marts.dim_accounts"]
    assert unmet(validate(build(folder / "build.duckdb"), suite, Parameters(as_of_date=AS_OF))) == []


def test_personal_data_is_never_shown_and_the_row_still_is(tmp_path: Path) -> None:
    database = build(
        tmp_path / "build.duckdb",
        "create table marts.t as select 7 as id, 'jane@example.com' as Email, 'jane@example.com' as email_2",
    )
    suite = suite_of(
        tmp_path,
        """
        table: marts.t
        key: [id]
        checks:
          - expectation: expect_column_values_to_be_in_set
            arguments: {column: email, value_set: [none]}
            severity: critical
            why: shown values are not private
          - expectation: unexpected_rows_expectation
            name: selected
            arguments: {unexpected_rows_query: "select id, email from {batch}"}
            expected: no row
            severity: critical
            why: shown values are not private
        """,
    )
    results = validate(database, [suite], Parameters(private_columns=frozenset({"EMAIL"})))
    assert [result.status for result in results] == ["failed", "failed"]
    for result in results:
        assert "jane" not in json.dumps(result.__dict__)
        assert "id = 7, " in result.detail
        assert "personal data" in result.detail


# --- suite files ----------------------------------------------------------------------------------------------------

GOOD = """
    table: marts.t
    key: [id]
    checks:
      - expectation: expect_column_values_to_not_be_null
        arguments: {column: id}
        severity: critical
        why: it is the key
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("severity: critical", "severity: fatal"), ["check 1", "'fatal'", "critical, warning"]),
        (("        severity: critical\n", ""), ["check 1", "severity is missing"]),
        (("        why: it is the key\n", ""), ["check 1", "why is missing"]),
        (("why: it is the key", "why: ''"), ["check 1", "why must say"]),
        (("not_be_null", "be_nice"), ["check 1", "unknown expectation", "expect_column_values_to_be_between"]),
        (("{column: id}", "{colum: id}"), ["check 1", "unknown argument 'colum'", "argument column is missing"]),
        (("{column: id}", "{column: 3}"), ["check 1", "argument column is 3", "a column name"]),
        (("{column: id}", "{column: id, mostly: 2}"), ["argument mostly is 2", "a share above 0"]),
        (("        why:", "        whom: you\n        why:"), ["check 1", "unknown key 'whom'", "allowed"]),
        (("    key: [id]", "    key: id"), ["key must be a list"]),
        (("    key: [id]\n", ""), ["key is missing"]),
        (("    table: marts.t", "    table: marts.u"), ["'marts.u'", "'marts.t'"]),
        (("    table: marts.t", "    tabel: marts.t"), ["unknown key 'tabel'", "table is missing"]),
        (("    table: marts.t", "    table: marts.t\n    table: marts.t"), ["'table' stands twice"]),
        (("    table: marts.t", "    table: [marts.t"), ["not YAML"]),
        (("expect_column_values_to_not_be_null", "unexpected_rows_expectation"), ["unexpected_rows_query is missing"]),
    ],
)
def test_a_malformed_suite_is_refused_with_file_entry_and_what_is_allowed(
    tmp_path: Path, change: tuple[str, str], told: list[str]
) -> None:
    assert suite_of(tmp_path, GOOD).checks[0].check_name == "marts.t.not_null_id"
    with pytest.raises(SuiteError) as refusal:
        suite_of(tmp_path, GOOD.replace(*change))
    assert str(refusal.value).startswith("expectations/marts/t.yml: ")
    for text in told:
        assert text in str(refusal.value)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select id from marts.t", "reads {batch}"),
        ("select * from {batch}", "names its columns"),
        ("select a.* from {batch} as a", "names its columns"),
        ("select id from {batch} where id > {today}", "reads {batch}"),
        ("select id from {batch} where note = '{'", "doubles every other brace"),
    ],
)
def test_a_query_that_reads_past_its_table_or_shows_all_columns_is_refused(
    tmp_path: Path, query: str, told: str
) -> None:
    entry = {"unexpected_rows_query": query}
    text = GOOD.replace("expect_column_values_to_not_be_null", "unexpected_rows_expectation").replace(
        "{column: id}", json.dumps(entry)
    )
    with pytest.raises(SuiteError, match=re.escape(told)):
        suite_of(tmp_path, text)


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "expectations" / "marts"
    folder.mkdir(parents=True)
    for name in ("a", "b"):
        text = textwrap.dedent(GOOD).replace("marts.t", f"marts.{name}").replace("critical", "fatal")
        (folder / f"{name}.yml").write_text(text.replace("{column: id}", "{}"), encoding="utf-8")
    with pytest.raises(SuiteError) as refusal:
        load_suites(tmp_path / "expectations")
    assert len(str(refusal.value).splitlines()) == 4
    assert "marts/a.yml" in str(refusal.value)
    assert "marts/b.yml" in str(refusal.value)


def test_two_checks_of_one_name_are_refused_because_their_results_would_be_one(tmp_path: Path) -> None:
    text = textwrap.dedent(GOOD)
    with pytest.raises(SuiteError, match="as check 1 is; give it a `name`"):
        suite_of(tmp_path, text + text.split("checks:\n")[1])


def test_a_folder_without_suites_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="no suite found"):
        load_suites(tmp_path)


def test_loading_suites_does_not_import_great_expectations() -> None:
    script = (
        "import sys; from pathlib import Path; import orchestration.validation.runner, orchestration.validation.docs;"
        "from orchestration.validation.suites import load_suites; load_suites(Path('expectations'));"
        "sys.exit('great_expectations' in sys.modules or 'dagster' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=False).returncode == 0


# --- the shipped suites ---------------------------------------------------------------------------------------------


def sources() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((PROJECT / "models" / "staging").glob("*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                yield source["name"], table


def test_every_declared_source_object_has_a_suite_at_the_boundary() -> None:
    tables = {suite.table for suite in SUITES}
    objects = [(source, table["name"]) for source, table in sources()]
    assert len(objects) >= 27
    for source, name in objects:
        spellings = {f"staging.stg_{source}__{plural}" for plural in (name, f"{name}s", f"{name[:-1]}ies")}
        assert spellings & tables, f"no suite for {source}.{name}"


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.table)
def test_every_suite_guards_the_key_of_its_table(suite: Suite) -> None:
    critical = {check.name for check in suite.checks if check.severity == "critical"}
    checked = {check.name for check in suite.checks}
    assert f"unique_{'_'.join(suite.key)}" in critical
    assert {f"not_null_{column}" for column in suite.key} <= checked
    assert f"not_null_{suite.key[0]}" in critical


# What is estimated has rows only where there is enough to learn from, and what is still to be done may be done; that there
# are fewer is worth a word, not a stop.
ESTIMATES = {
    "marts.case_slas_at_risk",
    "marts.churn_risk_backtest",
    "marts.churn_risk_calibration",
    "marts.churn_risk_coefficients",
    "marts.customer_actions",
    "marts.health_backtest_bands",
    "marts.renewal_forecast",
    "marts.renewal_forecast_calibration",
}


@pytest.mark.parametrize("suite", MARTS, ids=lambda suite: suite.table)
def test_every_mart_is_compared_with_the_published_version(suite: Suite) -> None:
    (volume,) = [check for check in suite.checks if check.expectation == "expect_table_row_count_not_to_fall"]
    assert volume.severity == ("warning" if suite.table in ESTIMATES else "critical")


def test_no_staging_suite_asks_for_rows() -> None:
    for suite in SUITES:
        if suite.layer == "staging":
            assert not [check for check in suite.checks if check.kind.shape == "count"], suite.table


def test_the_vocabulary_is_what_great_expectations_accepts() -> None:
    from great_expectations import expectations

    for name, kind in VOCABULARY.items():
        fields = set(getattr(expectations, kind.class_name).__fields__)
        if name == "expect_table_row_count_not_to_fall":
            assert {"min_value"} <= fields
        else:
            assert getattr(expectations, kind.class_name).expectation_type == name
            assert {*kind.required, *kind.optional} <= fields, name


# --- Data Docs ------------------------------------------------------------------------------------------------------


def test_data_docs_tell_what_failed_why_it_matters_and_load_nothing(
    tmp_path: Path, verdicts: dict[str, CheckResult]
) -> None:
    page = write_docs(tmp_path / "docs", MARTS, verdicts.values(), as_of_date=AS_OF)
    text = page.read_text(encoding="utf-8")
    assert page == tmp_path / "docs" / "index.html"
    assert [path.name for path in page.parent.iterdir()] == ["index.html"]
    assert "was not published" in text
    assert "31 March 2026" in text
    assert "closing_mrr is at least 0" in text
    assert "account_id = a03" in text
    assert "A customer cannot end a month owing us less than nothing" in text
    for check_name in verdicts:
        assert f'id="{check_name.rsplit(".", 1)[0]}"' in text
    churn = next(len(suite.checks) for suite in MARTS if suite.table == "marts.fct_churn")
    attention = text.split("<section id=marts>")[0]
    assert attention.count("fct_churn does not exist") < churn / 2, "one reason is told once, not once for each check"
    assert not re.search(r"<script|https?://|\bsrc=|url\(|@import|<link", text)


def test_data_docs_of_a_sound_build_say_that_all_holds(tmp_path: Path) -> None:
    result = CheckResult("marts.dim_accounts.not_null_account_id", "marts.dim_accounts", "critical", "passed")
    assert "Every check holds: 1 of 1." in write_docs(tmp_path, MARTS, [result]).read_text(encoding="utf-8")


def test_what_a_row_contains_cannot_become_markup(tmp_path: Path) -> None:
    result = CheckResult("x.y.z", "x.<b>y", "warning", "failed", "1 row", "<script>alert(1)</script>", "a < b", "<i>")
    text = write_docs(tmp_path, MARTS, [result]).read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<i>" not in text
    assert "&lt;script&gt;" in text


def test_the_old_page_stays_when_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    result = CheckResult("marts.dim_accounts.not_null_account_id", "marts.dim_accounts", "critical", "passed")
    before = write_docs(tmp_path, MARTS, [result]).read_bytes()

    def breaking() -> Iterator[CheckResult]:
        yield result
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_docs(tmp_path, MARTS, breaking())
    assert (tmp_path / "index.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_dbt_test_stands_with_the_table_it_tests(tmp_path: Path) -> None:
    results = [
        CheckResult("marts.dim_accounts.not_null_account_id", "marts.dim_accounts", "critical", "passed"),
        CheckResult("unique_dim_accounts_account_id", "dim_accounts", "critical", "passed", "0 failing rows"),
        CheckResult("extract_rows_reconciled", "generic.accounts", "critical", "passed", "5 rows read"),
    ]
    text = write_docs(tmp_path, MARTS, results).read_text(encoding="utf-8")
    assert text.count("<details class=table") == 2
    assert "unique dim accounts account id" in text
    assert 'id="generic.accounts"' in text
