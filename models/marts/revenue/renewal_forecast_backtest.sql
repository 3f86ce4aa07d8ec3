with judged as (

    select * from {{ ref('int_renewal_forecasts_judged') }}

),

-- the rank among equals is their mean; it is kept twice as large, so that it is a whole number
ranked as (

    select
        *,
        2 * rank() over (partition by as_of_date, horizon_days order by renewal_probability)
        + count(*) over (partition by as_of_date, horizon_days, renewal_probability) - 1 as twice_rank
    from judged

),

counted as (

    select
        as_of_date,
        horizon_days,
        count(*) as renewals,
        sum(renewed) as renewed,
        sum(exact_probability) as expected_renewals,
        sum(due_arr) as due_arr,
        sum(expected_arr) as expected_arr,
        sum(case when renewed = 1 then due_arr else 0 end) as renewed_due_arr,
        sum(least(renewed_arr, due_arr)) as gross_renewed_arr,
        sum(renewed_arr) as net_renewed_arr,
        sum(squared_error) as squared_error,
        sum(squared_error_constant) as squared_error_constant,
        max(constant_probability) as constant_probability,
        sum(case when renewed = 1 then twice_rank else 0 end) as twice_rank_of_renewed
    from ranked
    group by as_of_date, horizon_days

),

-- the probability that a renewal that was won stood above one that was lost, from the sum of the ranks
final as (

    select
        as_of_date,
        cast(horizon_days as integer) as horizon_days,
        cast(renewals as bigint) as renewals,
        cast(renewed as bigint) as renewed,
        cast(expected_renewals as double) as expected_renewals,
        cast(due_arr as decimal(38, 6)) as due_arr,
        cast(expected_arr as decimal(38, 6)) as expected_arr,
        cast(renewed_due_arr as decimal(38, 6)) as renewed_due_arr,
        cast(gross_renewed_arr as decimal(38, 6)) as gross_renewed_arr,
        cast(net_renewed_arr as decimal(38, 6)) as net_renewed_arr,
        {{ exact_rate('expected_arr - renewed_due_arr', 'due_arr') }} as arr_error_share,
        {{ exact_rate('squared_error', 'renewals') }} as brier_score,
        {{ exact_rate('squared_error_constant', 'renewals') }} as brier_score_constant,
        constant_probability,
        {{ exact_rate(
            'twice_rank_of_renewed - renewed * (renewed + 1)',
            '2 * renewed * (renewals - renewed)'
        ) }} as auc
    from counted

)

select * from final
