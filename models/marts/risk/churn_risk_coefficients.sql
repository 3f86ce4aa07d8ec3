with

coefficients as (
    select * from {{ ref('int_churn_risk_coefficients') }}
),

final as (
    select
        as_of_date,
        model,
        feature,
        coefficient,
        center,
        cast(training_rows as bigint) as training_rows,
        cast(training_churned as bigint) as training_churned,
        trained_from,
        trained_to
    from coefficients
)

select * from final
