with months as (

    select * from {{ ref('int_revenue_months') }}

),

-- whole months, so that the running one can be asked for like any other
final as (

    {{ day_spine(
        '(select min(month) from months)',
        '(select ' ~ plus_days(plus_months('max(month)', 1), -1) ~ ' from months)'
    ) }}

)

select * from final
