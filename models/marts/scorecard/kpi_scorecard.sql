with kpi_values as (

    select * from {{ ref('int_kpi_values') }}

),

kpi_targets as (

    select * from {{ ref('kpi_targets') }}

),

targets as (

    select
        kpi,
        goal,
        {{ to_decimal('target') }} as target,
        direction,
        period,
        unit,
        owner,
        {{ to_date('starts_on') }} as starts_on,
        {{ to_date('due_on') }} as due_on
    from kpi_targets

),

ordered_targets as (

    select
        *,
        lag(due_on) over (partition by kpi order by starts_on asc) as previous_due_on,
        lead(starts_on) over (partition by kpi order by starts_on asc) as next_starts_on
    from targets

),

months as (

    select distinct
        month,
        is_complete,
        {{ plus_days(plus_months('month', 1), -1) }} as last_day
    from kpi_values

),

-- a month is judged by the target that holds on its last day; while none does, the next one says what is looked at, and
-- after the last one that
target_months as (

    select
        months.month,
        months.is_complete,
        ordered_targets.*,
        months.last_day between ordered_targets.starts_on and ordered_targets.due_on as is_in_force
    from months
    inner join ordered_targets
        on
            (months.last_day > ordered_targets.previous_due_on or ordered_targets.previous_due_on is null)
            and (months.last_day <= ordered_targets.due_on or ordered_targets.next_starts_on is null)

),

joined as (

    select
        target_months.month,
        target_months.kpi,
        target_months.goal,
        target_months.owner,
        target_months.unit,
        target_months.period,
        target_months.direction,
        target_months.starts_on,
        target_months.due_on,
        target_months.is_complete,
        target_months.is_in_force,
        kpi_values.numerator,
        kpi_values.denominator,
        kpi_values.actual,
        earlier.actual as previous,
        case when target_months.is_in_force then cast(target_months.target as double) end as target
    from target_months
    left join kpi_values
        on
            target_months.kpi = kpi_values.kpi
            and target_months.period = kpi_values.period
            and target_months.month = kpi_values.month
    left join kpi_values as earlier
        on
            target_months.kpi = earlier.kpi
            and target_months.period = earlier.period
            and {{ plus_months('kpi_values.month', '-kpi_values.period_months') }} = earlier.month
    where
        target_months.is_in_force
        or kpi_values.actual is not null

),

-- differences at nine decimals, so that 0.9 of 0.92 is not told from 0.828 by a binary fraction; above zero is better
compared as (

    select
        *,
        round(case direction when 'low_is_good' then target - actual else actual - target end, 9) as margin,
        round(case direction when 'low_is_good' then previous - actual else actual - previous end, 9) as improvement,
        round(abs(target) * {{ threshold('scorecard_close_share', 'double') }}, 9) as close_margin
    from joined

),

final as (

    select
        month,
        kpi,
        goal,
        owner,
        period,
        unit,
        is_complete,
        numerator,
        denominator,
        actual,
        target,
        direction,
        previous,
        case direction
            when 'low_is_good' then target / case when actual > 0 then actual end
            else actual / case when target > 0 then target end
        end as attainment,
        case
            when not is_in_force then null
            when actual is null then 'no_data'
            when margin >= 0 then 'met'
            when margin >= -close_margin then 'close'
            else 'missed'
        end as status,
        case
            when improvement > 0 then 'better'
            when improvement = 0 then 'same'
            when improvement < 0 then 'worse'
        end as trend,
        {{ kpi_text('actual', 'unit') }} as actual_text,
        {{ kpi_text('target', 'unit') }} as target_text,
        starts_on,
        due_on
    from compared

)

select * from final
