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
    where {{ is_known_version() }}

),

margins as (

    select * from {{ ref('gross_margin') }}

),

acquisition_costs as (

    select * from {{ ref('acquisition_costs') }}

),

running_contracts as (

    select * from {{ ref('int_running_contracts') }}

),

parameters as (

    select * from {{ ref('ltv_parameters_by_period') }}

),

expected_periods as (

    select * from {{ ref('int_ltv_expected_periods') }}

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
    left join margins on {{ seed_key('account_versions.segment') }} = margins.segment
    left join margins as default_margins on default_margins.segment = 'default'
    left join acquisition_costs on {{ seed_key('account_versions.segment') }} = acquisition_costs.segment
    left join acquisition_costs as default_costs on default_costs.segment = 'default'

),

-- a contract that is known to end is worth nothing beyond its end; one already renewed has that period for certain
contracts as (

    select
        running_contracts.account_id,
        running_contracts.mrr,
        running_contracts.period_months,
        case
            when running_contracts.renewal_state = 'ends' then 'ends'
            else coalesce(parameters.method, 'simple')
        end as method,
        case
            when running_contracts.renewal_state = 'ends' then cast(0 as double)
            when running_contracts.renewal_state = 'renewed' then expected_periods.expected_periods_if_renewed
            else expected_periods.expected_periods
        end as expected_periods
    from running_contracts
    left join parameters
        on
            running_contracts.segment = parameters.segment
            and running_contracts.period_months = parameters.period_months
    left join expected_periods
        on
            cast(parameters.period_months as double) = expected_periods.period_months
            and parameters.is_pooled = expected_periods.is_pooled
            and (parameters.is_pooled or parameters.segment = expected_periods.segment)
            and running_contracts.renewal_number = expected_periods.renewal_number

),

-- terms of different length have different periods: each contract is worth its own number of its own periods
expectations as (

    select
        account_id,
        min(period_months) as shortest_period_months,
        max(period_months) as longest_period_months,
        count(period_months) as contracts_with_terms,
        count(*) as contracts,
        sum(
            cast(cast(mrr as double) * cast(period_months as double) as decimal(18, 6))
        ) as revenue_per_period,
        sum(
            cast(cast(mrr as double) * cast(period_months as double) * expected_periods as decimal(18, 6))
        ) as expected_revenue,
        count(case when method = 'simple' then 1 end) as contracts_not_fitted,
        count(case when method = 'constant_pooled' then 1 end) as contracts_at_constant_rate,
        count(case when method = 'sbg_pooled' then 1 end) as contracts_pooled,
        count(case when method = 'sbg_segment' then 1 end) as contracts_of_segment
    from contracts
    group by account_id

),

measured as (

    select
        attributed.account_id,
        attributed.segment,
        attributed.gross_margin,
        attributed.acquisition_cost,
        cast(coalesce(earnings.historic_revenue, 0) as decimal(18, 6)) as historic_revenue,
        cast(
            cast(coalesce(earnings.historic_revenue, 0) as decimal(20, 6)) * attributed.gross_margin as decimal(18, 6)
        ) as historic_margin,
        cast(
            cast(coalesce(earnings.current_mrr, 0) as decimal(20, 6)) * attributed.gross_margin as decimal(18, 6)
        ) as current_monthly_margin,
        nullif(segment_churn.monthly_churn_rate, 0) as monthly_churn_rate,
        case
            when
                expectations.shortest_period_months = expectations.longest_period_months
                and expectations.contracts_with_terms = expectations.contracts
                then expectations.longest_period_months
        end as period_months,
        cast(
            cast(expectations.revenue_per_period as double) * cast(attributed.gross_margin as double) as decimal(18, 6)
        ) as margin_per_period,
        expectations.revenue_per_period,
        expectations.expected_revenue,
        case
            when expectations.account_id is null then 'historic'
            when expectations.contracts_not_fitted > 0 then 'simple'
            when expectations.contracts_at_constant_rate > 0 then 'constant_pooled'
            when expectations.contracts_pooled > 0 then 'sbg_pooled'
            when expectations.contracts_of_segment > 0 then 'sbg_segment'
            else 'historic'
        end as method
    from attributed
    left join earnings on attributed.account_id = earnings.account_id
    left join segment_churn on attributed.segment = segment_churn.segment
    -- credits may make a contract pay nothing for a while: such an account is not in service, as in the movements
    left join expectations
        on
            attributed.account_id = expectations.account_id
            and earnings.current_mrr > 0

),

-- an account out of service, or whose contracts are all known to end, has no renewals to come; one of whose contracts
-- nothing can be said has no estimate at all rather than half a number
remaining as (

    select
        *,
        case
            when method = 'historic' then cast(0 as double)
            when method <> 'simple' then {{ exact_rate('expected_revenue', 'revenue_per_period') }}
        end as expected_remaining_periods,
        case
            when method = 'historic' then cast(0 as decimal(18, 6))
            when method <> 'simple'
                then cast(cast(expected_revenue as double) * cast(gross_margin as double) as decimal(18, 6))
        end as expected_remaining_value
    from measured

),

final as (

    select
        account_id,
        segment,
        historic_revenue,
        historic_margin,
        current_monthly_margin,
        monthly_churn_rate,
        period_months,
        margin_per_period,
        expected_remaining_periods,
        expected_remaining_value,
        cast(historic_margin + expected_remaining_value as decimal(18, 6)) as lifetime_value,
        cast(cast(current_monthly_margin as double) / monthly_churn_rate as decimal(18, 6)) as simple_ltv,
        acquisition_cost,
        {{ exact_rate('historic_margin + expected_remaining_value', 'acquisition_cost') }} as ltv_to_cac,
        cast(current_monthly_margin as double) / monthly_churn_rate / nullif(cast(acquisition_cost as double), 0)
            as simple_ltv_to_cac,
        method
    from remaining

)

select * from final
