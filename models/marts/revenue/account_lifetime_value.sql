with movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

churn as (

    select * from {{ ref('churn_monthly') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}
    where
        valid_from < {{ as_of_end() }}
        and valid_to >= {{ as_of_end() }}

),

margins as (

    select * from {{ ref('gross_margin') }}

),

acquisition_costs as (

    select * from {{ ref('acquisition_costs') }}

),

thresholds as (

    select {{ threshold('ltv_churn_months') }} as churn_months

),

-- everyone who ever paid is a customer, also those whose service no month end saw
customers as (

    select distinct account_id
    from subscriptions
    where
        mrr_native > 0
        and service_start_date <= {{ as_of_date() }}
        and (service_end_date is null or service_end_date > service_start_date)

),

earnings as (

    select
        movements.account_id,
        sum(case when movements.is_complete then movements.closing_mrr else 0 end) as historic_revenue,
        sum(case when movements.month = {{ first_of_month(as_of_date()) }} then movements.closing_mrr else 0 end)
            as current_mrr
    from movements
    group by movements.account_id

),

complete_months as (

    select
        month,
        row_number() over (order by month desc) as months_back
    from months
    where is_complete

),

segment_churn as (

    select
        churn.dimension_value as segment,
        {{ exact_rate('sum(churn.churned_accounts)', 'sum(churn.starting_accounts)') }} as monthly_churn_rate
    from churn
    inner join complete_months on churn.month = complete_months.month
    cross join thresholds
    where
        churn.dimension = 'segment'
        and complete_months.months_back <= thresholds.churn_months
    group by churn.dimension_value

),

-- a segment without a row of its own in a seed takes the row `default`
attributed as (

    select
        customers.account_id,
        coalesce(account_versions.segment, 'unknown') as segment,
        cast(coalesce(margins.gross_margin, default_margins.gross_margin) as decimal(9, 6)) as gross_margin,
        cast(
            coalesce(acquisition_costs.acquisition_cost, default_costs.acquisition_cost) as decimal(18, 6)
        ) as acquisition_cost
    from customers
    left join account_versions on customers.account_id = account_versions.account_id
    left join margins on {{ reason_key('account_versions.segment') }} = margins.segment
    left join margins as default_margins on default_margins.segment = 'default'
    left join acquisition_costs on {{ reason_key('account_versions.segment') }} = acquisition_costs.segment
    left join acquisition_costs as default_costs on default_costs.segment = 'default'

),

measured as (

    select
        attributed.account_id,
        attributed.segment,
        attributed.gross_margin,
        attributed.acquisition_cost,
        cast(coalesce(earnings.historic_revenue, 0) as decimal(18, 6)) as historic_revenue,
        cast(
            cast(coalesce(earnings.current_mrr, 0) as decimal(20, 6)) * attributed.gross_margin as decimal(18, 6)
        ) as current_monthly_margin,
        nullif(segment_churn.monthly_churn_rate, 0) as monthly_churn_rate
    from attributed
    left join earnings on attributed.account_id = earnings.account_id
    left join segment_churn on attributed.segment = segment_churn.segment

),

final as (

    select
        account_id,
        segment,
        historic_revenue,
        cast(cast(historic_revenue as decimal(20, 6)) * gross_margin as decimal(18, 6)) as historic_margin,
        current_monthly_margin,
        monthly_churn_rate,
        cast(null as double) as expected_remaining_periods,
        cast(null as decimal(18, 6)) as expected_remaining_value,
        cast(null as decimal(18, 6)) as lifetime_value,
        cast(cast(current_monthly_margin as double) / monthly_churn_rate as decimal(18, 6)) as simple_ltv,
        acquisition_cost,
        cast(current_monthly_margin as double) / monthly_churn_rate / nullif(cast(acquisition_cost as double), 0)
            as ltv_to_cac,
        'simple' as method
    from measured

)

select * from final
