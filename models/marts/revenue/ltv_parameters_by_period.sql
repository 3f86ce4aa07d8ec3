with contract_renewals as (

    select * from {{ ref('int_contract_renewals') }}

),

running_contracts as (

    select * from {{ ref('int_running_contracts') }}

),

fits as (

    select * from {{ ref('int_ltv_fits') }}

),

expected_periods as (

    select * from {{ ref('int_ltv_expected_periods') }}

),

margins as (

    select * from {{ ref('gross_margin') }}

),

thresholds as (

    select {{ threshold('ltv_discount_rate', 'double') }} as yearly_discount_rate

),

customers as (

    select
        segment,
        period_months,
        count(distinct account_id) as customers
    from contract_renewals
    where is_observed
    group by segment, period_months

),

pooled_customers as (

    select
        period_months,
        count(distinct account_id) as customers
    from contract_renewals
    where is_observed
    group by period_months

),

-- a segment may have contracts of a length that nobody of it has yet had to renew
groups as (

    select
        segment,
        period_months
    from customers

    union distinct

    select
        segment,
        period_months
    from running_contracts
    where period_months is not null

),

-- what a pooled fit can be used for is what the grid of expectations holds
usable as (

    select distinct
        segment,
        period_months,
        is_pooled
    from expected_periods

),

-- the segment's own fit, else that of all segments for terms of this length; where neither can be had, nothing
chosen as (

    select
        groups.segment,
        groups.period_months,
        case
            when own_usable.period_months is not null then 'sbg_segment'
            when pooled_usable.period_months is null then 'simple'
            when pooled.status = 'fitted' then 'sbg_pooled'
            else 'constant_pooled'
        end as method,
        own.renewals_observed as own_renewals,
        own.losses_observed as own_losses,
        own.status as own_status
    from groups
    left join fits as own
        on
            groups.segment = own.segment
            and cast(groups.period_months as double) = own.period_months
            and not own.is_pooled
    left join fits as pooled
        on
            cast(groups.period_months as double) = pooled.period_months
            and pooled.is_pooled
    left join usable as own_usable
        on
            groups.segment = own_usable.segment
            and cast(groups.period_months as double) = own_usable.period_months
            and not own_usable.is_pooled
    left join usable as pooled_usable
        on
            cast(groups.period_months as double) = pooled_usable.period_months
            and pooled_usable.is_pooled

),

-- figures of a fit are those of the data behind it; where nothing was fitted they say how little there is
final as (

    select
        chosen.segment,
        chosen.period_months,
        chosen.method,
        chosen.method in ('sbg_pooled', 'constant_pooled') as is_pooled,
        fits.alpha,
        fits.beta,
        fits.alpha_std_error,
        fits.beta_std_error,
        fits.log_likelihood,
        fits.renewal_rate,
        cast(
            coalesce(
                case
                    when chosen.method in ('sbg_pooled', 'constant_pooled') then pooled_customers.customers
                    else customers.customers
                end, 0
            ) as bigint
        ) as customers,
        cast(coalesce(fits.periods_observed, 0) as bigint) as periods_observed,
        cast(coalesce(fits.renewals_observed, 0) as bigint) as renewals_observed,
        cast(coalesce(fits.losses_observed, 0) as bigint) as losses_observed,
        cast(coalesce(customers.customers, 0) as bigint) as segment_customers,
        cast(coalesce(chosen.own_renewals, 0) as bigint) as segment_renewals_observed,
        cast(coalesce(chosen.own_losses, 0) as bigint) as segment_losses_observed,
        coalesce(chosen.own_status, 'too_few') as segment_fit_status,
        round(
            power(1 + thresholds.yearly_discount_rate, cast(chosen.period_months as double) / 12) - 1, 12
        ) as discount_rate,
        thresholds.yearly_discount_rate,
        cast(coalesce(margins.gross_margin, default_margins.gross_margin) as decimal(9, 6)) as gross_margin,
        {{ as_of_date() }} as fitted_on
    from chosen
    cross join thresholds
    left join fits
        on
            cast(chosen.period_months as double) = fits.period_months
            and (chosen.method in ('sbg_pooled', 'constant_pooled')) = fits.is_pooled
            and (fits.is_pooled or chosen.segment = fits.segment)
    left join customers
        on
            chosen.segment = customers.segment
            and chosen.period_months = customers.period_months
    left join pooled_customers on chosen.period_months = pooled_customers.period_months
    left join margins on {{ seed_key('chosen.segment') }} = margins.segment
    left join margins as default_margins on default_margins.segment = 'default'

)

select * from final
