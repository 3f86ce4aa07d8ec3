with dues as (

    select * from {{ ref('int_subscription_terms_due') }}
    where not is_amended

),

opportunities as (

    select
        *,
        is_closed and is_won and close_date <= {{ as_of_date() }} as is_signed,
        is_closed and not is_won and close_date <= {{ as_of_date() }} as is_lost
    from {{ ref('int_opportunities') }}
    where
        opportunity_type = 'renewal'
        and subscription_id is not null
        and not is_deleted

),

-- a contract that renews again and again has an opportunity a time: each belongs to the due date nearest to its close
matched as (

    select
        dues.subscription_id,
        dues.due_date,
        opportunities.opportunity_id,
        cast(opportunities.created_at as date) as created_on,
        opportunities.close_date,
        opportunities.is_signed,
        opportunities.is_lost,
        row_number() over (
            partition by opportunities.opportunity_id
            order by
                abs({{ days_from_to("coalesce(opportunities.close_date, " ~ as_of_date() ~ ")", 'dues.due_date') }}),
                dues.due_date
        ) as nearness
    from opportunities
    inner join dues on opportunities.subscription_id = dues.subscription_id

),

by_due_date as (

    select
        subscription_id,
        due_date,
        min(case when is_signed then close_date end) as signed_on,
        max(case when is_lost then close_date end) as lost_on,
        max(case when coalesce(is_signed, false) or coalesce(is_lost, false) then 0 else 1 end) = 1
            as has_open_opportunity,
        min(coalesce(created_on, cast('1900-01-01' as date))) as opened_on,
        case
            when min(case when is_signed or is_lost then 1 else 0 end) = 1 then max(close_date)
        end as closed_on
    from matched
    where nearness = 1
    group by subscription_id, due_date

)

select * from by_due_date
