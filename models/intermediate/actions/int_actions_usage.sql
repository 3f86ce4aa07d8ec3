with

rules as (
    select * from {{ ref('customer_action_rules') }}
    where is_active
),

usage_days as (
    select * from {{ ref('int_usage_product_days') }}
    where is_used
),

adoption as (
    select * from {{ ref('product_adoption_monthly') }}
    where is_complete
),

health as (
    select * from {{ ref('fct_account_health') }}
    where as_of_date = {{ as_of_date() }}
),

-- What the account pays for the product now.
paid as (
    select
        account_id,
        lower(product) as product_key,
        min(product) as product,
        cast(sum(mrr) as decimal(18, 6)) as mrr
    from {{ ref('int_account_product_mrr_months') }}
    where month = {{ first_of_month(as_of_date()) }}
    group by account_id, lower(product)
),

-- Days without any data of a product are no days without use: files come monthly too, and late.
newest_days as (
    select
        product_key,
        max(usage_date) as newest_day
    from usage_days
    group by product_key
),

last_days as (
    select
        account_id,
        product_key,
        max(usage_date) as last_used_on
    from usage_days
    group by account_id, product_key
),

stopped as (
    select
        paid.account_id,
        rules.action,
        rules.days_to_act,
        paid.mrr,
        concat(
            'Nobody has used ', paid.product, ' since ', cast(last_days.last_used_on as {{ dbt.type_string() }})
        ) as product_reason
    from paid
    inner join last_days
        on
            paid.account_id = last_days.account_id
            and paid.product_key = last_days.product_key
    inner join newest_days
        on paid.product_key = newest_days.product_key
    inner join rules
        on
            rules.action = 'usage_stopped'
            and last_days.last_used_on <= {{ plus_days('newest_days.newest_day', '-rules.days') }}
            and last_days.last_used_on
            > {{ plus_days('newest_days.newest_day', '-(rules.days + rules.threshold)') }}
),

newest_month as (
    select max(month) as month
    from adoption
),

expansions as (
    select
        paid.account_id,
        rules.action,
        rules.days_to_act,
        paid.mrr,
        concat(
            cast(adoption.active_users as {{ dbt.type_string() }}),
            ' of ',
            cast(adoption.licensed_seats as {{ dbt.type_string() }}),
            ' seats of ',
            paid.product,
            ' used in ',
            substring(cast(adoption.month as {{ dbt.type_string() }}), 1, 7)
        ) as product_reason
    from adoption
    inner join newest_month
        on adoption.month = newest_month.month
    inner join paid
        on
            adoption.account_id = paid.account_id
            and lower(adoption.product) = paid.product_key
    inner join health
        on
            adoption.account_id = health.account_id
            and health.risk_band = 'healthy'
    inner join rules
        on
            rules.action = 'expansion_signal'
            and adoption.seat_utilisation >= rules.threshold
    where adoption.is_entitled
),

found as (
    {% for source in ['stopped', 'expansions'] %}
        select
            account_id,
            action,
            days_to_act,
            mrr,
            product_reason
        from {{ source }}
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}
),

told as (
    select
        account_id,
        action,
        {{ plus_days(as_of_date(), 'max(days_to_act)') }} as due_date,
        cast(sum(mrr) as decimal(18, 6)) as mrr_at_stake,
        replace({{ ordered_text('product_reason') }}, ';', '; ') as reason
    from found
    group by account_id, action
)

select * from told
