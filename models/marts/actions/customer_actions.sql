with

renewals as (
    select * from {{ ref('int_actions_renewals') }}
),

service as (
    select * from {{ ref('int_actions_service') }}
),

voice as (
    select * from {{ ref('int_actions_voice') }}
),

health as (
    select * from {{ ref('int_actions_health') }}
),

usage as (
    select * from {{ ref('int_actions_usage') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

rules as (
    select * from {{ ref('customer_action_rules') }}
),

settings as (
    select
        {{ threshold('actions_now_days') }} as now_days,
        {{ threshold('actions_soon_days') }} as soon_days,
        {{ threshold('actions_page_rows') }} as page_rows
),

found as (
    {% for subject in ['renewals', 'service', 'voice', 'health', 'usage'] %}
        select
            account_id,
            action,
            due_date,
            mrr_at_stake,
            reason
        from {{ subject }}
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}
),

-- Where nothing narrower is at stake, all that the account pays is. A former customer has nothing to lose here.
valued as (
    select
        found.account_id,
        found.action,
        found.due_date,
        found.reason,
        rules.minimum_mrr,
        rules.position,
        accounts.owner_id,
        coalesce(found.mrr_at_stake, accounts.current_mrr) as mrr_at_stake
    from found
    inner join accounts
        on found.account_id = accounts.account_id
    inner join rules
        on found.action = rules.action
),

urgent as (
    select
        valued.*,
        case
            when valued.due_date <= {{ plus_days(as_of_date(), 'settings.now_days') }} then 1
            when valued.due_date <= {{ plus_days(as_of_date(), 'settings.soon_days') }} then 2
            else 3
        end as urgency_order,
        settings.page_rows
    from valued
    cross join settings
    where valued.mrr_at_stake > 0 and valued.mrr_at_stake >= valued.minimum_mrr
),

ranked as (
    select
        *,
        row_number() over (
            order by
                urgency_order asc,
                mrr_at_stake desc,
                due_date asc,
                position asc,
                account_id asc
        ) as priority,
        count(*) over (partition by account_id) as actions_of_account
    from urgent
),

-- An account takes one line of the page, that of its first action.
led as (
    select
        *,
        min(priority) over (partition by account_id) = priority as is_first_of_account
    from ranked
),

paged as (
    select
        *,
        sum(case when is_first_of_account then 1 else 0 end) over (
            order by priority asc
            rows between unbounded preceding and current row
        ) as accounts_so_far
    from led
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        account_id,
        action,
        cast(priority as integer) as priority,
        case urgency_order when 1 then 'now' when 2 then 'soon' else 'later' end as urgency,
        reason,
        mrr_at_stake,
        due_date,
        owner_id,
        cast(actions_of_account as integer) as actions_of_account,
        is_first_of_account and accounts_so_far <= page_rows as is_on_page
    from paged
)

select * from final
