with

rules as (
    select * from {{ ref('customer_action_rules') }}
    where is_active and action = 'unhappy_answer'
),

bad_answers as (
    select
        response_id,
        account_id,
        survey_type,
        score,
        scale_min,
        scale_max,
        high_is_good,
        responded_at,
        {{ reporting_day('responded_at') }} as responded_on
    from {{ ref('fct_survey_responses') }}
    where answer_group = 'bad' and survey_type in ('nps', 'csat', 'ces')
),

interactions as (
    select * from {{ ref('int_interactions') }}
    where deleted_at is null
),

messages as (
    select * from {{ ref('int_case_messages') }}
    where is_reply
),

cases as (
    select * from {{ ref('fct_cases') }}
),

-- A note and a customer's own e-mail are no contact of ours. A day without a time arrives as its first instant; the
-- contact counts up to the day's end.
contacts as (
    select
        account_id,
        case
            when occurred_at = cast(cast(occurred_at as date) as timestamp)
                then cast({{ plus_days('cast(occurred_at as date)', 1) }} as timestamp)
            else occurred_at
        end as occurred_at
    from interactions
    where
        coalesce(kind, 'unknown') <> 'note'
        and not (coalesce(kind, 'unknown') = 'email' and coalesce(direction, 'unknown') = 'inbound')

    union all

    select
        cases.account_id,
        messages.occurred_at
    from messages
    inner join cases
        on messages.case_id = cases.case_id
),

last_contacts as (
    select
        account_id,
        max(occurred_at) as last_contact_at
    from contacts
    group by account_id
),

-- Whatever comes after the last contact has not been taken up; the oldest of it is the most urgent.
found as (
    select
        rules.action,
        rules.days_to_act,
        bad_answers.*,
        row_number() over (
            partition by bad_answers.account_id
            order by bad_answers.responded_at asc, bad_answers.response_id asc
        ) as answer_number,
        count(*) over (partition by bad_answers.account_id) as answers
    from bad_answers
    inner join rules
        on bad_answers.responded_on > {{ plus_days(as_of_date(), '-rules.days') }}
    left join last_contacts
        on bad_answers.account_id = last_contacts.account_id
    where last_contacts.last_contact_at is null or last_contacts.last_contact_at <= bad_answers.responded_at
),

told as (
    select
        account_id,
        action,
        {{ plus_days('responded_on', 'days_to_act') }} as due_date,
        cast(null as decimal(18, 6)) as mrr_at_stake,
        concat(
            upper(survey_type),
            ' ',
            {{ short_number_text('score') }},
            ' on a scale of ',
            {{ short_number_text('scale_min') }},
            ' to ',
            {{ short_number_text('scale_max') }},
            case when high_is_good then '' else ' where low is good' end,
            ', answered ',
            cast(responded_on as {{ dbt.type_string() }}),
            '; no contact since',
            {{ more_text('answers', 'bad answer') }}
        ) as reason
    from found
    where answer_number = 1 and account_id is not null
)

select * from told
