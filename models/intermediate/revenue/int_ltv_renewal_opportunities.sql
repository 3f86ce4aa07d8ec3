with contract_renewals as (

    select * from {{ ref('int_contract_renewals') }}

),

final as (

    select
        segment,
        period_months,
        renewal_number,
        cast(sum(case when is_observed then 1 else 0 end) as bigint) as at_risk,
        cast(sum(case when is_observed and outcome <> 'churned' then 1 else 0 end) as bigint) as renewed,
        cast(sum(case when is_observed and outcome = 'churned' then 1 else 0 end) as bigint) as lost,
        cast(sum(case when is_observed then 0 else 1 end) as bigint) as not_observed
    from contract_renewals
    group by segment, period_months, renewal_number

)

select * from final
