with judged as (

    select * from {{ ref('int_renewal_forecasts_judged') }}

),

bands as (

    select
        probability_band,
        cast(from_probability as double) as from_probability,
        cast(to_probability as double) as to_probability
    from {{ ref('renewal_probability_bands') }}

),

counted as (

    select
        judged.horizon_days,
        bands.probability_band,
        bands.from_probability,
        count(*) as renewals,
        sum(judged.renewed) as renewed,
        sum(judged.exact_probability) as expected_renewals
    from judged
    inner join bands
        on
            judged.renewal_probability >= bands.from_probability
            and (bands.to_probability is null or judged.renewal_probability < bands.to_probability)
    group by judged.horizon_days, bands.probability_band, bands.from_probability

),

final as (

    select
        cast(horizon_days as integer) as horizon_days,
        probability_band,
        from_probability,
        cast(renewals as bigint) as renewals,
        cast(renewed as bigint) as renewed,
        {{ exact_rate('expected_renewals', 'renewals') }} as mean_probability,
        {{ exact_rate('renewed', 'renewals') }} as renewed_share
    from counted

)

select * from final
