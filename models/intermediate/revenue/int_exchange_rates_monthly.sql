with months as (

    select * from {{ ref('int_revenue_months') }}

),

exchange_rates as (

    select
        date as rate_date,
        upper(currency) as currency,
        cast(rate as decimal(18, 8)) as rate
    from {{ ref('exchange_rates') }}

),

-- a rate holds from its date to the next one; the first also holds for whatever came before it
spans as (

    select
        currency,
        rate,
        rate_date,
        case
            when row_number() over (partition by currency order by rate_date) = 1 then cast('1900-01-01' as date)
            else rate_date
        end as holds_from,
        coalesce(
            lead(rate_date) over (partition by currency order by rate_date), cast('9999-12-31' as date)
        ) as holds_until
    from exchange_rates

),

rates_of_month as (

    select
        months.month,
        spans.currency,
        spans.rate,
        spans.rate_date
    from months
    inner join spans
        on
            months.snapshot_date >= spans.holds_from
            and months.snapshot_date < spans.holds_until

),

reporting_rates as (

    select
        month,
        rate
    from rates_of_month
    where currency = upper('{{ var("reporting_currency") }}')

),

converted as (

    select
        rates_of_month.month,
        rates_of_month.currency,
        cast(rates_of_month.rate / reporting_rates.rate as decimal(18, 10)) as rate_to_reporting,
        rates_of_month.rate_date
    from rates_of_month
    inner join reporting_rates on rates_of_month.month = reporting_rates.month
    where rates_of_month.currency <> upper('{{ var("reporting_currency") }}')

),

-- the reporting currency needs no rate: a company that sells in one currency may leave the seed empty
final as (

    select * from converted

    union all

    select
        month,
        upper('{{ var("reporting_currency") }}') as currency,
        cast(1 as decimal(18, 10)) as rate_to_reporting,
        cast(null as date) as rate_date
    from months

)

select * from final
