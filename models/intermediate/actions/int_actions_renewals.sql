with

rules as (
    select * from {{ ref('customer_action_rules') }}
    where is_active
),

renewals as (
    select * from {{ ref('renewal_forecast') }}
),

-- A contract that renews by itself is lost by its notice deadline, any other by its due date. Without enough history
-- the probability is unknown, which is no reason to look away.
found as (
    select
        rules.action,
        renewals.account_id,
        renewals.due_date as renewal_due_date,
        renewals.due_arr,
        renewals.renewal_probability,
        renewals.as_of_date,
        case when renewals.is_auto_renewal then renewals.notice_deadline else renewals.due_date end as due_date
    from renewals
    inner join rules
        on
            (renewals.renewal_probability is null or renewals.renewal_probability <= rules.threshold)
            and case
                when renewals.is_auto_renewal
                    then
                        rules.action = 'renewal_within_notice'
                        and renewals.notice_deadline >= renewals.as_of_date
                        and renewals.notice_deadline <= {{ plus_days('renewals.as_of_date', 'rules.days') }}
                else
                    rules.action = 'renewal_to_sign'
                    and renewals.due_date <= {{ plus_days('renewals.as_of_date', 'rules.days') }}
            end
),

summed as (
    select
        account_id,
        action,
        as_of_date,
        count(*) as renewals,
        min(due_date) as due_date,
        min(renewal_due_date) as first_due_date,
        min(renewal_probability) as lowest_probability,
        count(*) = count(renewal_probability) as is_probability_known,
        cast(sum(due_arr) as decimal(18, 6)) as due_arr
    from found
    group by account_id, action, as_of_date
),

told as (
    select
        account_id,
        action,
        due_date,
        cast(cast(due_arr as double) / 12 as decimal(18, 6)) as mrr_at_stake,
        concat(
            case
                when renewals = 1 then 'Renewal'
                else concat(cast(renewals as {{ dbt.type_string() }}), ' renewals')
            end,
            ' of {{ var('reporting_currency') }} ',
            {{ amount_text('due_arr') }},
            ' a year',
            case when renewals = 1 then ', due ' else ', the first due ' end,
            cast(first_due_date as {{ dbt.type_string() }}),
            case
                when action = 'renewal_within_notice'
                    then concat('; notice possible until ', cast(due_date as {{ dbt.type_string() }}))
                when first_due_date < as_of_date then '; overdue and not signed'
                else '; must be signed'
            end,
            case
                when not is_probability_known then '; renewal probability unknown'
                when renewals = 1 then concat('; renewal probability ', {{ percent_text('lowest_probability') }})
                else concat('; lowest renewal probability ', {{ percent_text('lowest_probability') }})
            end
        ) as reason
    from summed
)

select * from told
