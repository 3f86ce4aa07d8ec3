{% set as_exported = [
    'subscription_id', 'account_id', 'product', 'plan', 'start_date', 'end_date', 'billing_period', 'amount',
    'currency', 'seats', 'auto_renew', 'notice_days', 'renewed_from_id', 'cancelled_at', 'ended_at', 'cancel_reason',
    'is_trial', 'updated_at', 'first_known_at', 'valid_from', 'valid_to',
] %}

with generic_versions as (

    select * from {{ ref('stg_generic__subscription_versions') }}

),

salesforce_versions as (

    select * from {{ ref('stg_salesforce__subscription_versions') }}

),

unioned as (

    select
        {{ as_exported | join(', ') }},
        false as is_deleted,
        'generic' as source
    from generic_versions

    union all

    select
        {{ as_exported | join(', ') }},
        coalesce(is_deleted, false) as is_deleted,
        'salesforce' as source
    from salesforce_versions

),

-- what was exported after the as-of day is not known yet, so the newest known version holds until further notice
known as (

    select
        *,
        case when valid_to >= {{ as_of_end() }} then cast('9999-12-31' as timestamp) else valid_to end as known_until,
        sum(case when is_deleted then 0 else 1 end) over (
            partition by subscription_id
            order by valid_from
            rows between unbounded preceding and current row
        ) as live_versions_so_far,
        coalesce(
            max(case when not is_deleted then valid_from end) over (
                partition by subscription_id
                order by valid_from
                rows between unbounded preceding and current row
            ),
            valid_from
        ) as described_from
    from unioned
    where valid_from < {{ as_of_end() }}

),

-- a tombstone may carry little more than its key: what the subscription was is what its last live version said
described as (

    select
        known.subscription_id,
        known.valid_from,
        known.known_until as valid_to,
        known.is_deleted,
        -- a tombstone that is exported again with a newer cursor does not move the day of the deletion
        case
            when known.is_deleted
                then min(case when known.is_deleted then cast(known.updated_at as date) end) over (
                    partition by known.subscription_id, known.live_versions_so_far
                )
        end as deleted_on,
        known.source,
        lived.account_id,
        lived.product,
        lived.plan,
        lived.start_date,
        lived.end_date,
        lived.billing_period,
        lived.amount,
        lived.currency,
        lived.seats,
        lived.auto_renew,
        lived.notice_days,
        lived.renewed_from_id,
        lived.cancelled_at,
        lived.ended_at,
        lived.cancel_reason,
        lived.is_trial,
        known.updated_at,
        known.first_known_at
    from known
    inner join known as lived
        on
            known.subscription_id = lived.subscription_id
            and known.described_from = lived.valid_from

),

cleaned as (

    select
        subscription_id,
        valid_from,
        valid_to,
        source,
        account_id,
        product,
        plan,
        start_date,
        end_date,
        lower(coalesce(billing_period, 'month')) as billing_period,
        coalesce(amount, cast(0 as decimal(18, 6))) as amount,
        upper(coalesce(currency, '{{ var("reporting_currency") }}')) as currency,
        seats,
        coalesce(auto_renew, false) as auto_renew,
        coalesce(notice_days, 0) as notice_days,
        case when renewed_from_id <> subscription_id then renewed_from_id end as renewed_from_id,
        cancelled_at,
        case when cancelled_at < {{ as_of_end() }} then cast(cancelled_at as date) end as notice_given_on,
        cast(ended_at as date) as ended_on,
        cancel_reason,
        coalesce(is_trial, false) as is_trial,
        is_deleted,
        deleted_on,
        updated_at,
        first_known_at
    from described

),

measured as (

    select
        *,
        case
            when is_trial then cast(0 as decimal(18, 6))
            else {{ monthly_amount('amount', 'billing_period') }}
        end as mrr_native,
        case when end_date >= start_date then {{ days_from_to('start_date', 'end_date') }} + 1 end as term_days,
        cast(round({{ days_from_to('start_date', 'end_date') }} / 30.436875) as integer) as nearest_months
    from cleaned

),

-- a term of whole months ends the day before the anniversary of its start; many systems write the anniversary itself
-- or the month's last day, which may be one day more
shaped as (

    select
        *,
        case
            when
                term_days is not null
                and nearest_months >= 1
                and {{ days_from_to(plus_months('start_date', 'nearest_months'), 'end_date') }} + 1 in (0, 1)
                then nearest_months
        end as term_months
    from measured

),

terms as (

    select
        *,
        case
            when term_months is not null
                then cast({{ days_from_to(plus_months('start_date', 'term_months'), 'end_date') }} + 1 as integer)
            else 0
        end as term_extra_days,
        auto_renew and term_days is not null as is_repeating
    from shaped

),

with_noticed_term as (

    select
        *,
        case
            when is_repeating and notice_given_on is not null then {{ term_number('notice_given_on') }}
        end as noticed_term
    from terms

),

-- the last day in service as the term alone has it, before a successor or a deletion ends it; null is ongoing
with_own_end as (

    select
        *,
        case
            when ended_on is not null then ended_on
            when end_date is null and notice_given_on is not null
                then {{ plus_days('notice_given_on', 'notice_days') }}
            when end_date is null then null
            when noticed_term is not null then {{ term_end('noticed_term') }}
            when is_repeating then null
            else end_date
        end as own_last_service_date
    from with_noticed_term

),

-- a renewal that is signed but has not begun ends nothing yet
successor_versions as (

    select
        renewed_from_id as subscription_id,
        start_date as successor_start_date,
        valid_from,
        valid_to
    from with_own_end
    where
        renewed_from_id is not null
        and start_date <= {{ as_of_date() }}
        and (deleted_on is null or deleted_on > start_date)

),

-- a term's end changes when the term is exported anew, and also when its successor is
knowledge_points as (

    select
        subscription_id,
        valid_from
    from with_own_end

    union distinct

    select
        successor_versions.subscription_id,
        successor_versions.valid_from
    from successor_versions
    inner join with_own_end on successor_versions.subscription_id = with_own_end.subscription_id

    union distinct

    select
        successor_versions.subscription_id,
        successor_versions.valid_to as valid_from
    from successor_versions
    inner join with_own_end on successor_versions.subscription_id = with_own_end.subscription_id
    where successor_versions.valid_to < {{ as_of_end() }}

),

first_successors as (

    select
        knowledge_points.subscription_id,
        knowledge_points.valid_from,
        min(successor_versions.successor_start_date) as successor_start_date
    from knowledge_points
    inner join successor_versions
        on
            knowledge_points.subscription_id = successor_versions.subscription_id
            and knowledge_points.valid_from >= successor_versions.valid_from
            and knowledge_points.valid_from < successor_versions.valid_to
    group by knowledge_points.subscription_id, knowledge_points.valid_from

),

known_spans as (

    select
        knowledge_points.subscription_id,
        knowledge_points.valid_from,
        first_successors.successor_start_date,
        lead(knowledge_points.valid_from) over (
            partition by knowledge_points.subscription_id
            order by knowledge_points.valid_from
        ) as next_valid_from
    from knowledge_points
    left join first_successors
        on
            knowledge_points.subscription_id = first_successors.subscription_id
            and knowledge_points.valid_from = first_successors.valid_from

),

with_service as (

    select
        with_own_end.subscription_id,
        known_spans.valid_from,
        coalesce(known_spans.next_valid_from, cast('9999-12-31' as timestamp)) as valid_to,
        known_spans.next_valid_from is null as is_current,
        with_own_end.source,
        with_own_end.account_id,
        with_own_end.product,
        with_own_end.plan,
        with_own_end.start_date,
        with_own_end.end_date,
        with_own_end.billing_period,
        with_own_end.amount,
        with_own_end.currency,
        with_own_end.seats,
        with_own_end.auto_renew,
        with_own_end.notice_days,
        with_own_end.renewed_from_id,
        with_own_end.cancelled_at,
        with_own_end.notice_given_on,
        with_own_end.ended_on,
        with_own_end.cancel_reason,
        with_own_end.is_trial,
        with_own_end.is_deleted,
        with_own_end.deleted_on,
        with_own_end.mrr_native,
        with_own_end.is_repeating,
        with_own_end.term_days,
        with_own_end.term_months,
        with_own_end.term_extra_days,
        known_spans.successor_start_date,
        least(
            {{ plus_days('with_own_end.own_last_service_date', 1) }},
            known_spans.successor_start_date,
            with_own_end.deleted_on
        ) as earliest_end_date,
        with_own_end.updated_at,
        with_own_end.first_known_at
    from known_spans
    inner join with_own_end
        on
            known_spans.subscription_id = with_own_end.subscription_id
            and known_spans.valid_from >= with_own_end.valid_from
            and known_spans.valid_from < with_own_end.valid_to

),

-- whatever the dates say, service cannot end before it starts
final as (

    select
        subscription_id,
        valid_from,
        valid_to,
        is_current,
        source,
        account_id,
        product,
        plan,
        currency,
        seats,
        is_trial,
        mrr_native,
        start_date as service_start_date,
        case when earliest_end_date is not null then greatest(start_date, earliest_end_date) end as service_end_date,
        notice_given_on,
        start_date,
        end_date,
        billing_period,
        amount,
        auto_renew,
        notice_days,
        renewed_from_id,
        cancelled_at,
        ended_on,
        cancel_reason,
        is_deleted,
        deleted_on,
        is_repeating,
        term_days,
        term_months,
        term_extra_days,
        successor_start_date,
        updated_at,
        first_known_at
    from with_service

)

select * from final
