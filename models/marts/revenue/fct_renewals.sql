with dues as (

    select * from {{ ref('int_subscription_terms_due') }}

),

successors as (

    select * from {{ ref('int_renewal_successors') }}

),

signings as (

    select * from {{ ref('int_renewal_signings') }}

),

matches_by_value as (

    select * from {{ ref('int_renewal_merges') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

thresholds as (

    select {{ threshold('renewal_on_time_days') }} as on_time_days

),

given_away as (

    select
        named_subscription_id as subscription_id,
        cast(sum(allocated_mrr_at_start) as decimal(18, 6)) as given_mrr_at_start
    from matches_by_value
    group by named_subscription_id

),

-- a renewal that is on the books and has not begun leaves the contract pending, not lost
announced as (

    select distinct renewed_from_id as subscription_id
    from subscriptions
    where
        renewed_from_id is not null
        and service_start_date > {{ as_of_date() }}
        and (first_known_at is null or first_known_at < {{ as_of_end() }})
        and deleted_on is null

),

-- the named successor of a merged contract is decided when the contract that it names is
replacements as (

    select
        successors.subscription_id,
        successors.due_date,
        successors.renewed_by_subscription_id,
        successors.successor_mrr_at_due,
        successors.successor_mrr_at_start,
        coalesce(given_away.given_mrr_at_start, cast(0 as decimal(18, 6))) as given_mrr_at_start,
        coalesce(signings.signed_on, successors.successor_start_date) as decided_on
    from successors
    left join given_away on successors.subscription_id = given_away.subscription_id
    left join signings
        on
            successors.subscription_id = signings.subscription_id
            and successors.due_date = signings.due_date

),

-- the facts, most telling first: signed again, replaced, rolled over, left, still open
judged as (

    select
        dues.*,
        replacements.renewed_by_subscription_id as own_successor_id,
        matches_by_value.renewed_by_subscription_id as merged_into_id,
        case
            when not dues.is_last_due then 'rolled_over'
            when replacements.subscription_id is not null then 'replaced'
            when matches_by_value.subscription_id is not null then 'merged'
            when
                signings.signed_on is not null
                and (dues.notice_given_on is null or dues.notice_given_on <= signings.signed_on)
                then 'signed'
            when announced.subscription_id is not null then 'open'
            when
                dues.service_end_date <= {{ plus_days('dues.due_date', 1) }}
                and least(dues.notice_given_on, dues.ended_on) <= {{ as_of_date() }}
                then 'left'
            when dues.ended_on <= {{ as_of_date() }} then 'left'
            when dues.is_repeating and dues.due_date >= {{ as_of_date() }} then 'open'
            when dues.notice_given_on is not null then 'left'
            when coalesce(signings.has_open_opportunity, false) then 'open'
            when signings.lost_on is not null then 'left'
            when dues.due_date >= {{ as_of_date() }} then 'open'
            else 'left'
        end as verdict,
        signings.signed_on,
        signings.lost_on,
        replacements.decided_on as successor_decided_on,
        named_replacements.decided_on as merge_decided_on,
        replacements.successor_mrr_at_due,
        replacements.successor_mrr_at_start,
        replacements.given_mrr_at_start,
        matches_by_value.allocated_mrr_at_start,
        matches_by_value.due_mrr_at_start
    from dues
    left join replacements
        on
            dues.subscription_id = replacements.subscription_id
            and dues.due_date = replacements.due_date
    left join signings
        on
            dues.subscription_id = signings.subscription_id
            and dues.due_date = signings.due_date
    left join matches_by_value
        on
            dues.subscription_id = matches_by_value.subscription_id
            and dues.due_date = matches_by_value.due_date
    left join announced on dues.subscription_id = announced.subscription_id
    left join replacements as named_replacements
        on matches_by_value.named_subscription_id = named_replacements.subscription_id
    where not dues.is_amended

),

-- what a successor is worth beyond its own contract counts here only as far as no merged contract took it
valued as (

    select
        *,
        cast(
            case verdict
                when 'rolled_over' then due_mrr
                when 'signed' then due_mrr
                when 'replaced'
                    then case
                        when given_mrr_at_start = 0 then successor_mrr_at_due
                        else
                            cast(
                                cast(successor_mrr_at_due as double)
                                * cast(successor_mrr_at_start - given_mrr_at_start as double)
                                / cast(successor_mrr_at_start as double) as decimal(18, 6)
                            )
                    end
                when 'merged'
                    then case
                        when allocated_mrr_at_start = due_mrr_at_start then due_mrr
                        else
                            cast(
                                cast(due_mrr as double)
                                * cast(allocated_mrr_at_start as double)
                                / cast(due_mrr_at_start as double) as decimal(18, 6)
                            )
                    end
                when 'left' then 0
            end as decimal(18, 6)
        ) as renewed_mrr,
        case verdict
            when 'rolled_over' then coalesce(signed_on, due_date)
            when 'signed' then signed_on
            when 'replaced' then successor_decided_on
            when 'merged' then merge_decided_on
            when 'left'
                then coalesce(
                    notice_given_on,
                    lost_on,
                    case when ended_on <= {{ as_of_date() }} then ended_on end,
                    due_date
                )
        end as decided_on
    from judged

),

-- amounts are compared in cents: a twelfth of a year's price is not an expansion
final as (

    select
        valued.subscription_id,
        valued.due_date,
        valued.account_id,
        valued.product,
        valued.due_mrr,
        cast(valued.due_mrr * 12 as decimal(18, 6)) as due_arr,
        case
            when valued.verdict = 'open' then 'pending'
            when round(valued.renewed_mrr, 2) <= 0 then 'churned'
            when round(valued.renewed_mrr, 2) > round(valued.due_mrr, 2) then 'expanded'
            when round(valued.renewed_mrr, 2) < round(valued.due_mrr, 2) then 'contracted'
            else 'renewed'
        end as outcome,
        valued.decided_on,
        valued.renewed_mrr,
        cast(valued.renewed_mrr * 12 as decimal(18, 6)) as renewed_arr,
        cast({{ days_from_to('valued.due_date', 'valued.decided_on') }} as integer) as days_from_due,
        case
            when valued.decided_on < valued.due_date then 'early'
            when {{ days_from_to('valued.due_date', 'valued.decided_on') }} <= thresholds.on_time_days then 'on_time'
            when valued.decided_on is not null then 'late'
        end as timing,
        (
            valued.verdict = 'rolled_over'
            or (valued.verdict = 'open' and valued.is_repeating)
        ) as is_auto_renewal,
        case
            when valued.verdict = 'replaced' then valued.own_successor_id
            when valued.verdict = 'merged' then valued.merged_into_id
        end as renewed_by_subscription_id,
        valued.due_number
    from valued
    cross join thresholds

)

select * from final
