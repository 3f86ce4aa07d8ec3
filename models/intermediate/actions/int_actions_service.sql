with

rules as (
    select * from {{ ref('customer_action_rules') }}
    where is_active
),

running_slas as (
    select * from {{ ref('case_slas_at_risk') }}
    where commitment = 'contractual'
),

-- Targets of our own are the support lead's list; here is what the customer was promised. A promise broken long ago is
-- backlog, which that list shows too.
found as (
    select
        rules.action,
        running_slas.account_id,
        running_slas.case_id,
        running_slas.metric,
        running_slas.breach_at,
        {{ reporting_day('running_slas.breach_at') }} as breach_on,
        rules.days_to_act,
        row_number() over (
            partition by running_slas.account_id, rules.action
            order by running_slas.breach_at asc, running_slas.list_position asc
        ) as promise_number,
        count(*) over (partition by running_slas.account_id, rules.action) as promises
    from running_slas
    inner join rules
        on
            (running_slas.risk = 'at_risk' and rules.action = 'sla_at_risk')
            or (
                running_slas.risk = 'breached'
                and rules.action = 'sla_breached'
                and {{ reporting_day('running_slas.breach_at') }} > {{ plus_days(as_of_date(), '-rules.days') }}
            )
),

told as (
    select
        account_id,
        action,
        case
            when action = 'sla_at_risk' then breach_on
            else {{ plus_days('breach_on', 'days_to_act') }}
        end as due_date,
        cast(null as decimal(18, 6)) as mrr_at_stake,
        concat(
            'Case ',
            case_id,
            ': the promised ',
            {{ plain_words('metric') }},
            case when action = 'sla_at_risk' then ' is due by ' else ' was missed at ' end,
            {{ minute_text('breach_at') }},
            {{ more_text('promises', 'promise') }}
        ) as reason
    from found
    where promise_number = 1 and account_id is not null
)

select * from told
