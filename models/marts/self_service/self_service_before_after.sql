with all_cases as (

    select
        customer_type,
        {{ reporting_day('created_at') }} as created_on,
        {{ reporting_day('last_solved_at') }} as solved_on,
        handled,
        handle_seconds,
        case_cost
    from {{ ref('fct_cases') }}
    where
        not is_deleted
        and not is_merged

),

sessions as (

    select
        customer_type,
        {{ reporting_day('started_at') }} as started_on
    from {{ ref('int_self_service_sessions') }}
    where is_resolved

),

responses as (

    select
        survey_type,
        customer_type,
        {{ reporting_day('responded_at') }} as responded_on,
        answer_group,
        is_on_leading_scale
    from {{ ref('fct_survey_responses') }}
    where
        is_valid
        and answer_group is not null

),

account_months as (

    select
        customer_type,
        {{ plus_days(plus_months('month', 1), -1) }} as last_day
    from {{ ref('fct_mrr_movements') }}
    where closing_mrr > 0

),

settings as (

    select
        {{ self_service_launch_date() }} as launched_on,
        {{ threshold('self_service_comparison_months') }} as most_months,
        {{ reporting_day(as_of_end()) }} as day_after,
        coalesce({{ data_start_date() }}, min(created_on)) as first_day
    from all_cases

),

history as (

    select
        launched_on,
        least(most_months, {{ whole_months_from_to('first_day', 'launched_on') }}) as months_before,
        {{ whole_months_from_to('launched_on', 'day_after') }} as months_after
    from settings

),

-- equally long; the first begins a year before the second where the history allows, so that both hold the same months
-- of the year, also while the second is still growing
windows as (

    select
        launched_on,
        least(months_before, months_after) as window_months,
        {{ plus_months('launched_on', '-months_before') }} as before_from,
        {{ plus_months('launched_on', 'least(months_before, months_after) - months_before') }} as before_to,
        {{ plus_months('launched_on', 'least(months_before, months_after)') }} as after_to
    from history
    where least(months_before, months_after) >= 1

),

-- what is summed for each metric; without a denominator it is the months
terms as (

    select
        customer_type,
        'cases_solved_per_month' as metric,
        solved_on as happened_on,
        cast(1 as decimal(18, 6)) as numerator,
        cast(null as decimal(18, 6)) as denominator
    from all_cases

    union all

    select
        customer_type,
        'cases_per_active_account' as metric,
        created_on as happened_on,
        cast(1 as decimal(18, 6)) as numerator,
        cast(0 as decimal(18, 6)) as denominator
    from all_cases

    union all

    select
        customer_type,
        'cases_per_active_account' as metric,
        last_day as happened_on,
        cast(0 as decimal(18, 6)) as numerator,
        cast(1 as decimal(18, 6)) as denominator
    from account_months

    union all

    select
        customer_type,
        'average_handle_seconds' as metric,
        solved_on as happened_on,
        cast(handle_seconds as decimal(18, 6)) as numerator,
        cast(1 as decimal(18, 6)) as denominator
    from all_cases
    where handled

    union all

    select
        customer_type,
        'cost_per_case' as metric,
        created_on as happened_on,
        cast(case_cost as decimal(18, 6)) as numerator,
        cast(1 as decimal(18, 6)) as denominator
    from all_cases

    union all

    select
        customer_type,
        'cost_per_month' as metric,
        created_on as happened_on,
        cast(case_cost as decimal(18, 6)) as numerator,
        cast(null as decimal(18, 6)) as denominator
    from all_cases

    union all

    select
        customer_type,
        'self_service_share' as metric,
        created_on as happened_on,
        cast(0 as decimal(18, 6)) as numerator,
        cast(1 as decimal(18, 6)) as denominator
    from all_cases

    union all

    select
        customer_type,
        'self_service_share' as metric,
        started_on as happened_on,
        cast(1 as decimal(18, 6)) as numerator,
        cast(1 as decimal(18, 6)) as denominator
    from sessions

    union all

    select
        customer_type,
        'csat_top_box_rate' as metric,
        responded_on as happened_on,
        cast(case when answer_group = 'good' then 1 else 0 end as decimal(18, 6)) as numerator,
        cast(1 as decimal(18, 6)) as denominator
    from responses
    where
        survey_type = 'csat'
        and is_on_leading_scale

    union all

    select
        customer_type,
        'nps' as metric,
        responded_on as happened_on,
        cast(
            case answer_group when 'good' then 1 when 'bad' then -1 else 0 end as decimal(18, 6)
        ) as numerator,
        cast(1 as decimal(18, 6)) as denominator
    from responses
    where survey_type = 'nps'

),

placed as (

    select
        terms.customer_type,
        terms.metric,
        terms.numerator,
        terms.denominator,
        terms.happened_on >= windows.before_from and terms.happened_on < windows.before_to as is_before
    from terms
    cross join windows
    where
        (terms.happened_on >= windows.before_from and terms.happened_on < windows.before_to)
        or (terms.happened_on >= windows.launched_on and terms.happened_on < windows.after_to)

),

summed as (

    {% for customer_type in ['customer_type', "'all'"] %}
        select
            {{ customer_type }} as customer_type,
            metric,
            sum(case when is_before then numerator else 0 end) as before_numerator,
            sum(case when is_before then denominator end) as before_denominator,
            sum(case when is_before then 0 else numerator end) as after_numerator,
            sum(case when is_before then cast(null as decimal(18, 6)) else denominator end) as after_denominator
        from placed
        group by {{ 'customer_type, ' if loop.first }}metric
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

compared as (

    select
        summed.customer_type,
        summed.metric,
        windows.launched_on,
        windows.window_months,
        windows.before_from,
        summed.before_numerator,
        summed.after_numerator,
        case
            when summed.metric in ('cases_solved_per_month', 'cost_per_month') then windows.window_months
            else coalesce(summed.before_denominator, 0)
        end as before_denominator,
        case
            when summed.metric in ('cases_solved_per_month', 'cost_per_month') then windows.window_months
            else coalesce(summed.after_denominator, 0)
        end as after_denominator
    from summed
    cross join windows

),

valued as (

    select
        *,
        case
            when metric = 'nps'
                then cast({{ net_promoter_score('before_numerator', '0', 'before_denominator') }} as double)
            else {{ exact_rate('before_numerator', 'before_denominator') }}
        end as before_value,
        case
            when metric = 'nps'
                then cast({{ net_promoter_score('after_numerator', '0', 'after_denominator') }} as double)
            else {{ exact_rate('after_numerator', 'after_denominator') }}
        end as after_value
    from compared

),

final as (

    select
        customer_type,
        metric,
        launched_on,
        cast(window_months as integer) as window_months,
        before_from,
        cast(before_numerator as decimal(38, 6)) as before_numerator,
        cast(before_denominator as decimal(38, 6)) as before_denominator,
        before_value,
        cast(after_numerator as decimal(38, 6)) as after_numerator,
        cast(after_denominator as decimal(38, 6)) as after_denominator,
        after_value,
        after_value - before_value as change,
        -- NPS has no natural zero
        case when metric <> 'nps' then (after_value - before_value) / nullif(abs(before_value), 0) end
            as relative_change
    from valued

)

select * from final
