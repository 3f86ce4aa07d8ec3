with lives as (

    select * from {{ ref('int_customer_lives') }}

),

-- at a tie events come before entries, as they come before censorings: an account that was a customer already when the
-- extracts begin is at risk from its next month of tenure, the first one that is seen whole
observed as (

    select
        *,
        case when entry_month = 0 then 0 else entry_month + 1 end as first_month_at_risk
    from lives
    where entry_month = 0 or entry_month < tenure_months

),

steps as (

    select
        segment,
        region,
        product,
        support_plan,
        customer_type,
        first_month_at_risk as tenure_month,
        1 as entered,
        0 as churned,
        0 as censored
    from observed

    union all

    select
        segment,
        region,
        product,
        support_plan,
        customer_type,
        tenure_months as tenure_month,
        0 as entered,
        case when is_churned then 1 else 0 end as churned,
        case when is_churned then 0 else 1 end as censored
    from observed

),

counted as (

    {{ by_dimension(
        'steps',
        keys=['tenure_month'],
        measures=[
            'sum(entered) as entered',
            'sum(churned) as churned',
            'sum(censored) as censored',
        ]
    ) }}

),

-- a curve begins and ends with the months of tenure in which somebody is observed
spans as (

    select
        dimension,
        dimension_value,
        min(tenure_month) as first_month,
        max(tenure_month) as last_month
    from counted
    group by dimension, dimension_value

),

-- every month in between has a row, so that a reader can ask for any of them
months as (

    select
        dimension,
        dimension_value,
        cast(first_month + month_position - 1 as integer) as tenure_month
    from (
        select
            *,
            {{ numbers_to('last_month - first_month + 1') }} as month_position
        from spans
    ) as positions

),

at_risk as (

    select
        months.dimension,
        months.dimension_value,
        months.tenure_month,
        coalesce(counted.churned, 0) as churned,
        coalesce(counted.censored, 0) as censored,
        sum(coalesce(counted.entered, 0)) over so_far
        - sum(coalesce(counted.churned, 0) + coalesce(counted.censored, 0)) over so_far
        + coalesce(counted.churned, 0) + coalesce(counted.censored, 0) as at_risk
    from months
    left join counted
        on
            months.dimension = counted.dimension
            and months.dimension_value = counted.dimension_value
            and months.tenure_month = counted.tenure_month
    window so_far as (
        partition by months.dimension, months.dimension_value
        order by months.tenure_month
        rows between unbounded preceding and current row
    )

),

-- S(t) = Π (1 − d/n), and Greenwood's S(t)² · Σ d / (n (n − d)), as sums over the months so far
summed as (

    select
        *,
        min(at_risk) over so_far as fewest_at_risk,
        max(case when churned = at_risk then 1 else 0 end) over so_far as has_lost_all,
        sum(case when churned < at_risk then ln(cast(at_risk - churned as double) / cast(at_risk as double)) else 0 end)
            over so_far as log_survival,
        sum(
            case
                when churned < at_risk
                    then cast(churned as double) / (cast(at_risk as double) * cast(at_risk - churned as double))
                else 0
            end
        ) over so_far as greenwood_sum
    from at_risk
    window so_far as (
        partition by dimension, dimension_value
        order by tenure_month
        rows between unbounded preceding and current row
    )

),

-- across a month in which nobody is at risk nothing is known of the risk: from there on there is no estimate; twelve
-- decimals keep the last digits of logarithms out of the published figures
final as (

    select
        dimension,
        dimension_value,
        tenure_month,
        cast(at_risk as bigint) as at_risk,
        cast(churned as bigint) as churned,
        cast(censored as bigint) as censored,
        case
            when fewest_at_risk = 0 then null
            when has_lost_all = 1 then cast(0 as double)
            else round(exp(log_survival), 12)
        end as survival,
        case
            when fewest_at_risk = 0 then null
            when has_lost_all = 1 then cast(0 as double)
            else round(exp(log_survival) * sqrt(greenwood_sum), 12)
        end as std_error
    from summed

)

select * from final
