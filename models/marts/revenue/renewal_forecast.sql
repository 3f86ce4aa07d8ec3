with forecasts as (

    select * from {{ ref('int_renewal_forecasts') }}
    where as_of_date = {{ as_of_date() }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}
    where
        valid_from < {{ as_of_end() }}
        and valid_to >= {{ as_of_end() }}

),

final as (

    select
        forecasts.subscription_id,
        forecasts.account_id,
        forecasts.due_date,
        forecasts.due_arr,
        forecasts.renewal_probability,
        forecasts.expected_arr,
        forecasts.days_until_due,
        forecasts.is_auto_renewal,
        forecasts.notice_deadline,
        forecasts.notice_deadline < forecasts.as_of_date as is_notice_deadline_past,
        forecasts.health_score,
        forecasts.risk_band,
        forecasts.renewal_kind,
        forecasts.lead_time,
        forecasts.compared_renewals,
        forecasts.compared_renewed,
        forecasts.lead_time_renewal_rate,
        forecasts.overall_renewal_rate,
        forecasts.product,
        coalesce(account_versions.segment, 'unknown') as segment,
        account_versions.owner_id,
        forecasts.as_of_date
    from forecasts
    left join account_versions on forecasts.account_id = account_versions.account_id

)

select * from final
