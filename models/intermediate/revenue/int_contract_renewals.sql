{% set steps = 8 %}

with dues as (

    select * from {{ ref('int_subscription_terms_due') }}

),

renewals as (

    select * from {{ ref('fct_renewals') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

account_versions as (

    select * from {{ ref('int_account_versions') }}

),

first_successors as (

    select * from {{ ref('int_renewal_successors') }}

),

thresholds as (

    select {{ threshold('renewal_merge_days') }} as merge_days

),

-- how far each contract came by itself
contracts as (

    select
        dues.subscription_id,
        max(case when dues.is_amended then 1 else 0 end) = 1 as is_amended,
        max(case when dues.is_last_due and renewals.outcome in ('renewed', 'expanded', 'contracted') then 1 else 0 end)
        = 1 as is_renewed_at_last,
        count(renewals.subscription_id) as renewals_due
    from dues
    left join renewals
        on
            dues.subscription_id = renewals.subscription_id
            and dues.due_date = renewals.due_date
    group by dues.subscription_id

),

-- a term is as long as its whole months, one that is not of whole months as the nearest number of them; a term shorter
-- than half a month keeps its fraction
described as (

    select
        contracts.*,
        subscriptions.account_id,
        subscriptions.service_start_date,
        cast(
            case
                when subscriptions.term_months is not null then subscriptions.term_months
                when subscriptions.term_days >= 16 then round(subscriptions.term_days / 30.436875)
                else round(subscriptions.term_days / 30.436875, 2)
            end as decimal(9, 2)
        ) as own_period_months,
        predecessors.subscription_id as predecessor_id,
        coalesce(predecessors.is_amended, false) as is_amendment,
        coalesce(
            predecessors.is_amended
            or (
                predecessors.is_renewed_at_last
                -- what names a contract long after others have renewed it is new business
                and {{ days_from_to('first_successors.successor_start_date', 'subscriptions.service_start_date') }}
                <= thresholds.merge_days
            ), false
        ) as is_continuation
    from contracts
    cross join thresholds
    inner join subscriptions on contracts.subscription_id = subscriptions.subscription_id
    left join subscriptions as earlier
        on
            subscriptions.renewed_from_id = earlier.subscription_id
            -- a contract that names a later one would close a circle
            and subscriptions.service_start_date > earlier.service_start_date
    left join contracts as predecessors on earlier.subscription_id = predecessors.subscription_id
    left join first_successors on predecessors.subscription_id = first_successors.subscription_id

),

amendments as (

    select
        subscription_id,
        case when is_amendment then predecessor_id end as amends_id
    from described

),

{{ ultimate_parents('amendments', 'subscription_id', 'amends_id') }},

-- an amendment runs for what is left of the term it took over, so it renews in the rhythm of the contract it amends
with_period as (

    select
        described.*,
        roots.own_period_months as period_months
    from described
    inner join ultimate_parents on described.subscription_id = ultimate_parents.subscription_id
    inner join described as roots on ultimate_parents.ultimate_parent_id = roots.subscription_id

),

-- renewals are counted on from contract to contract; a contract for a term of another length begins anew, because five
-- months kept are not five years kept
chained_0 as (

    select
        with_period.subscription_id,
        earlier.subscription_id as ancestor_id,
        cast(coalesce(earlier.renewals_due, 0) as bigint) as renewals_before
    from with_period
    left join with_period as earlier
        on
            with_period.predecessor_id = earlier.subscription_id
            and with_period.is_continuation
            and with_period.period_months = earlier.period_months

),

-- each step doubles the distance looked back, so that {{ steps }} of them reach over {{ 2 ** steps }} contracts
{% for step in range(1, steps + 1) %}
    chained_{{ step }} as (

        select
            later.subscription_id,
            earlier.ancestor_id,
            later.renewals_before + coalesce(earlier.renewals_before, 0) as renewals_before
        from chained_{{ step - 1 }} as later
        left join chained_{{ step - 1 }} as earlier on later.ancestor_id = earlier.subscription_id

    ),

{% endfor %}
-- what is due later may be decided early, which losses are more often than renewals: only what has fallen due is
-- evidence; what was due before the extracts begin is known of those alone who stayed
final as (

    select
        renewals.subscription_id,
        renewals.due_date,
        renewals.account_id,
        coalesce(account_versions.segment, 'unknown') as segment,
        with_period.period_months,
        cast(chained_{{ steps }}.renewals_before + renewals.due_number as integer) as renewal_number,
        renewals.outcome,
        (
            renewals.outcome <> 'pending'
            and renewals.due_date <= {{ as_of_date() }}
            and renewals.due_date >= coalesce({{ data_start_date() }}, renewals.due_date)
        ) as is_observed,
        dues.is_last_due
    from renewals
    inner join dues
        on
            renewals.subscription_id = dues.subscription_id
            and renewals.due_date = dues.due_date
    inner join with_period on renewals.subscription_id = with_period.subscription_id
    inner join chained_{{ steps }} on renewals.subscription_id = chained_{{ steps }}.subscription_id
    left join account_versions
        on
            renewals.account_id = account_versions.account_id
            and account_versions.valid_from
            < cast({{ first_of_month('least(renewals.due_date, ' ~ as_of_date() ~ ')') }} as timestamp)
            and account_versions.valid_to
            >= cast({{ first_of_month('least(renewals.due_date, ' ~ as_of_date() ~ ')') }} as timestamp)

)

select * from final
