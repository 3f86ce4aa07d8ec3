with renewals as (

    select * from {{ ref('fct_renewals') }}

),

dues as (

    select * from {{ ref('int_subscription_terms_due') }}

),

signings as (

    select * from {{ ref('int_renewal_signings') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

terms as (

    select * from {{ ref('int_subscription_terms') }}

),

months as (

    select * from {{ ref('int_revenue_months') }}

),

health_scores as (

    select * from {{ ref('int_health_scores') }}

),

lead_times as (

    select * from {{ ref('renewal_lead_times') }}

),

settings as (

    select {{ threshold('renewal_forecast_settled_days') }} as settled_days

),

-- a successor that is on the books and has not begun keeps its contract open, also past the due date
announced as (

    select
        renewed_from_id as subscription_id,
        min(coalesce(cast(first_known_at as date), cast('1900-01-01' as date))) as announced_on,
        min(service_start_date) as begins_on
    from subscriptions
    where
        renewed_from_id is not null
        and deleted_on is null
    group by renewed_from_id

),

-- a term that rolled over or ran out without anybody's act is open to the end of its last day; one that rolled over is
-- not open any longer when somebody signs for it afterwards, since the next term has begun
resolved as (

    select
        renewals.subscription_id,
        renewals.due_date,
        renewals.account_id,
        renewals.product,
        renewals.due_arr,
        renewals.outcome,
        renewals.renewed_arr,
        coalesce(
            lag({{ plus_days('renewals.due_date', 1) }}) over (
                partition by renewals.subscription_id
                order by renewals.due_number
            ),
            dues.service_start_date
        ) as term_start_date,
        case
            when not dues.is_last_due and renewals.decided_on > renewals.due_date
                then {{ plus_days('renewals.due_date', 1) }}
            when
                renewals.decided_on = renewals.due_date
                and renewals.renewed_by_subscription_id is null
                and coalesce(signings.signed_on <> renewals.due_date, true)
                and not (
                    renewals.outcome = 'churned'
                    and (
                        coalesce(dues.notice_given_on = renewals.due_date, false)
                        or coalesce(dues.ended_on = renewals.due_date, false)
                        or coalesce(not dues.is_repeating and signings.lost_on = renewals.due_date, false)
                    )
                )
                then {{ plus_days('renewals.due_date', 1) }}
            else renewals.decided_on
        end as resolved_on,
        signings.opened_on,
        signings.closed_on
    from renewals
    inner join dues
        on
            renewals.subscription_id = dues.subscription_id
            and renewals.due_date = dues.due_date
    left join signings
        on
            renewals.subscription_id = signings.subscription_id
            and renewals.due_date = signings.due_date

),

-- what was open on a day: the term had begun and nothing was decided. After the due date, silence is a loss: only an
-- open opportunity or an announced successor keeps a renewal open, as in fct_renewals
open_then as (

    select
        months.snapshot_date as as_of_date,
        resolved.*
    from resolved
    inner join months
        on
            resolved.term_start_date <= months.snapshot_date
            and (resolved.resolved_on is null or resolved.resolved_on > months.snapshot_date)
    left join announced on resolved.subscription_id = announced.subscription_id
    where
        resolved.due_date >= months.snapshot_date
        or resolved.outcome = 'pending'
        or (
            resolved.opened_on <= months.snapshot_date
            and (resolved.closed_on is null or resolved.closed_on > months.snapshot_date)
        )
        or (announced.announced_on <= months.snapshot_date and announced.begins_on > months.snapshot_date)

),

-- the terms of the contract and the health of the account are those known on the day: a contract that lost its
-- auto-renewal when it was given up must not say so beforehand
described as (

    select
        open_then.*,
        cast({{ days_from_to('open_then.as_of_date', 'open_then.due_date') }} as integer) as days_until_due,
        coalesce(terms.is_repeating, false) as is_auto_renewal,
        case
            when terms.is_repeating
                then {{ plus_days('open_then.due_date', '-terms.notice_days') }}
        end as notice_deadline,
        cast(health_scores.health_score as double) as health_score,
        coalesce(health_scores.risk_band, 'unknown') as risk_band
    from open_then
    left join terms
        on
            open_then.subscription_id = terms.subscription_id
            and terms.valid_from < cast({{ plus_days('open_then.as_of_date', 1) }} as timestamp)
            and terms.valid_to >= cast({{ plus_days('open_then.as_of_date', 1) }} as timestamp)
    left join health_scores
        on
            open_then.account_id = health_scores.account_id
            and open_then.as_of_date = health_scores.as_of_date

),

final as (

    select
        described.as_of_date,
        described.subscription_id,
        described.due_date,
        described.account_id,
        described.product,
        described.due_arr,
        described.days_until_due,
        described.is_auto_renewal,
        described.notice_deadline,
        described.health_score,
        described.risk_band,
        case
            when not described.is_auto_renewal then 'to_sign'
            when described.notice_deadline < described.as_of_date then 'automatic_past_notice'
            else 'automatic'
        end as renewal_kind,
        coalesce(lead_times.lead_time, 'unknown') as lead_time,
        case when described.outcome <> 'pending' then described.outcome <> 'churned' end as is_renewed,
        described.renewed_arr,
        case
            when described.outcome <> 'pending'
                then greatest(described.resolved_on, {{ plus_days('described.due_date', 'settings.settled_days') }})
        end as settled_on
    from described
    cross join settings
    left join lead_times
        on
            (lead_times.from_days is null or described.days_until_due >= lead_times.from_days)
            and (lead_times.to_days is null or described.days_until_due < lead_times.to_days)

)

select * from final
