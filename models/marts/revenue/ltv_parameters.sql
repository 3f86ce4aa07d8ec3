with by_period as (

    select * from {{ ref('ltv_parameters_by_period') }}

),

-- a segment's usual contract: the length of term that most of its customers have renewed or left; of equals the longer
ranked as (

    select
        *,
        row_number() over (
            partition by segment
            order by segment_customers desc, period_months desc
        ) as period_rank
    from by_period

),

final as (

    select
        segment,
        period_months,
        method,
        is_pooled,
        alpha,
        beta,
        alpha_std_error,
        beta_std_error,
        log_likelihood,
        renewal_rate,
        customers,
        periods_observed,
        renewals_observed,
        losses_observed,
        discount_rate,
        yearly_discount_rate,
        gross_margin,
        fitted_on
    from ranked
    where period_rank = 1

)

select * from final
