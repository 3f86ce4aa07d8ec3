with

generic_versions as (
    select * from {{ ref('stg_generic__survey_response_versions') }}
),

qualtrics_versions as (
    select * from {{ ref('stg_qualtrics__response_versions') }}
),

rating_versions as (
    select * from {{ ref('stg_zendesk__satisfaction_rating_versions') }}
),

survey_questions as (
    select * from {{ ref('survey_questions') }}
),

response_states as (
    select * from {{ ref('survey_response_states') }}
),

case_versions as (
    select * from {{ ref('int_case_account_versions') }}
),

contact_versions as (
    select * from {{ ref('int_contact_versions') }}
),

-- A generic file states the scale; where it does not, the usual one of its type holds. Which end of a stated scale is
-- good is seeded too: five-point effort scores are better when low.
generic_responses as (
    select
        generic_versions.response_id,
        'generic' as source,
        lower(generic_versions.survey_type) as survey_type,
        generic_versions.account_id,
        generic_versions.contact_id,
        generic_versions.case_id,
        generic_versions.agent_id,
        generic_versions.sent_at,
        generic_versions.responded_at,
        generic_versions.score,
        generic_versions.score is not null as has_answer,
        true as is_real,
        coalesce(generic_versions.scale_min, cast(survey_questions.scale_min as decimal(18, 6))) as scale_min,
        coalesce(generic_versions.scale_max, cast(survey_questions.scale_max as decimal(18, 6))) as scale_max,
        coalesce(generic_versions.high_is_good, survey_questions.high_is_good, true) as high_is_good,
        generic_versions.comment,
        generic_versions.updated_at as known_at,
        generic_versions.valid_from,
        generic_versions.valid_to
    from generic_versions
    left join survey_questions
        on
            survey_questions.source = 'generic'
            and lower(generic_versions.survey_type) = survey_questions.survey_type
            and (
                (
                    generic_versions.scale_min = survey_questions.scale_min
                    and generic_versions.scale_max = survey_questions.scale_max
                )
                or (
                    (generic_versions.scale_min is null or generic_versions.scale_max is null)
                    and survey_questions.question = 'score'
                )
            )
),

qualtrics_answers as (
    {{ explode_json_object('qualtrics_versions', 'answers', [
        'response_id', 'account_id', 'contact_id', 'contact_ref', 'case_id', 'sent_at', 'responded_at', 'status', 'updated_at',
        'valid_from', 'valid_to',
    ], 'question', 'answer') }}
),

qualtrics_comments as (
    select
        qualtrics_answers.response_id,
        qualtrics_answers.valid_from,
        max({{ clean_text('qualtrics_answers.answer') }}) as comment
    from qualtrics_answers
    inner join survey_questions
        on
            survey_questions.source = 'qualtrics'
            and survey_questions.survey_type = 'comment'
            and lower(qualtrics_answers.question) = lower(survey_questions.question)
    group by qualtrics_answers.response_id, qualtrics_answers.valid_from
),

-- A response with answers to several kinds of question is several responses.
qualtrics_numbered as (
    select
        qualtrics_answers.response_id,
        qualtrics_answers.account_id,
        -- The contact list is mostly the CRM's, whose ids for contacts begin with 003.
        coalesce(
            qualtrics_answers.contact_id,
            case
                when {{ matches('qualtrics_answers.contact_ref', '^003[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$') }}
                    then concat('salesforce:', qualtrics_answers.contact_ref)
                else qualtrics_answers.contact_ref
            end
        ) as contact_id,
        qualtrics_answers.case_id,
        qualtrics_answers.sent_at,
        qualtrics_answers.responded_at,
        qualtrics_answers.updated_at,
        qualtrics_answers.valid_from,
        qualtrics_answers.valid_to,
        survey_questions.survey_type,
        survey_questions.scale_min,
        survey_questions.scale_max,
        survey_questions.high_is_good,
        {{ clean_text('qualtrics_answers.answer') }} as answer,
        coalesce(response_states.state, 'answered') = 'answered' as is_real,
        row_number() over (
            partition by qualtrics_answers.response_id, qualtrics_answers.valid_from, survey_questions.survey_type
            order by survey_questions.question
        ) as question_number
    from qualtrics_answers
    inner join survey_questions
        on
            survey_questions.source = 'qualtrics'
            and survey_questions.survey_type <> 'comment'
            and lower(qualtrics_answers.question) = lower(survey_questions.question)
    left join response_states
        on
            response_states.source = 'qualtrics'
            and lower(qualtrics_answers.status) = response_states.vendor_value
    where {{ clean_text('qualtrics_answers.answer') }} is not null
),

qualtrics_responses as (
    select
        concat(
            qualtrics_numbered.response_id,
            ':',
            qualtrics_numbered.survey_type,
            case
                when
                    qualtrics_numbered.question_number > 1
                    then concat(':', cast(qualtrics_numbered.question_number as {{ dbt.type_string() }}))
                else ''
            end
        ) as response_id,
        'qualtrics' as source,
        qualtrics_numbered.survey_type,
        qualtrics_numbered.account_id,
        qualtrics_numbered.contact_id,
        qualtrics_numbered.case_id,
        cast(null as {{ dbt.type_string() }}) as agent_id,
        qualtrics_numbered.sent_at,
        qualtrics_numbered.responded_at,
        {{ to_decimal('qualtrics_numbered.answer') }} as score,
        true as has_answer,
        qualtrics_numbered.is_real,
        cast(qualtrics_numbered.scale_min as decimal(18, 6)) as scale_min,
        cast(qualtrics_numbered.scale_max as decimal(18, 6)) as scale_max,
        qualtrics_numbered.high_is_good,
        qualtrics_comments.comment,
        qualtrics_numbered.updated_at as known_at,
        qualtrics_numbered.valid_from,
        qualtrics_numbered.valid_to
    from qualtrics_numbered
    left join qualtrics_comments
        on
            qualtrics_numbered.response_id = qualtrics_comments.response_id
            and qualtrics_numbered.valid_from = qualtrics_comments.valid_from
),

-- A word that the seed does not know is an answer that cannot be read.
stated_ratings as (
    select
        rating_versions.*,
        coalesce(response_states.state, 'answered') as state,
        response_states.score as seeded_score
    from rating_versions
    left join response_states
        on
            response_states.source = 'zendesk'
            and lower(rating_versions.score) = response_states.vendor_value
),

-- The answer came with the first version that has one; a comment added later does not move it.
ratings as (
    select
        stated_ratings.rating_id as response_id,
        'zendesk' as source,
        survey_questions.survey_type,
        cast(null as {{ dbt.type_string() }}) as account_id,
        stated_ratings.requester_id as contact_id,
        stated_ratings.case_id,
        stated_ratings.assignee_id as agent_id,
        stated_ratings.created_at as sent_at,
        case
            when stated_ratings.state = 'answered'
                then min(case when stated_ratings.state = 'answered' then stated_ratings.updated_at end) over (
                    partition by stated_ratings.rating_id
                    order by stated_ratings.valid_from
                    rows between unbounded preceding and current row
                )
        end as responded_at,
        cast(stated_ratings.seeded_score as decimal(18, 6)) as score,
        stated_ratings.state = 'answered' as has_answer,
        true as is_real,
        cast(survey_questions.scale_min as decimal(18, 6)) as scale_min,
        cast(survey_questions.scale_max as decimal(18, 6)) as scale_max,
        survey_questions.high_is_good,
        stated_ratings.comment,
        stated_ratings.updated_at as known_at,
        stated_ratings.valid_from,
        stated_ratings.valid_to
    from stated_ratings
    inner join survey_questions
        on survey_questions.source = 'zendesk'
    where stated_ratings.state <> 'not_asked'
),

combined as (
    select * from generic_responses
    union all
    select * from qualtrics_responses
    union all
    select * from ratings
),

-- The keys to look the account up by are empty where it is stated: a condition on that in the joins would make them
-- compare every row with every other.
keyed as (
    select
        combined.*,
        case when combined.account_id is null then combined.case_id end as lookup_case_id,
        case when combined.account_id is null then combined.contact_id end as lookup_contact_id,
        cast(coalesce(combined.responded_at, combined.sent_at) as date) as lookup_date
    from combined
),

-- Whose answer it is: the account that it names, else that of its case as known then, else that of the contact on the
-- day of the answer.
placed as (
    select
        keyed.response_id,
        keyed.source,
        keyed.survey_type,
        coalesce(keyed.account_id, case_versions.account_id, contact_versions.account_id) as account_id,
        keyed.contact_id,
        keyed.case_id,
        keyed.agent_id,
        keyed.sent_at,
        keyed.responded_at,
        keyed.score,
        keyed.has_answer,
        keyed.is_real,
        keyed.scale_min,
        keyed.scale_max,
        keyed.high_is_good,
        keyed.comment,
        case
            when keyed.account_id is not null then keyed.known_at
            when case_versions.account_id is not null then greatest(keyed.known_at, case_versions.known_at)
            else greatest(keyed.known_at, contact_versions.known_at)
        end as known_at,
        greatest(keyed.valid_from, case_versions.valid_from) as valid_from,
        least(keyed.valid_to, case_versions.valid_to) as valid_to
    from keyed
    left join case_versions
        on
            keyed.lookup_case_id = case_versions.case_id
            and keyed.valid_from < case_versions.valid_to
            and keyed.valid_to > case_versions.valid_from
    left join contact_versions
        on
            keyed.lookup_contact_id = contact_versions.contact_id
            and cast(contact_versions.valid_from as date) <= keyed.lookup_date
            and cast(contact_versions.valid_to as date) > keyed.lookup_date
),

judged as (
    select
        placed.*,
        case
            when not placed.has_answer then 'not answered'
            when not placed.is_real then 'preview, test or spam'
            when placed.responded_at is null then 'no date of the answer'
            when placed.score is null then 'not a number'
            when
                placed.scale_min is null or placed.scale_max is null or placed.scale_min >= placed.scale_max
                then 'no scale'
            when placed.score < placed.scale_min or placed.score > placed.scale_max then 'out of the scale'
            when
                placed.survey_type in ('nps', 'csat', 'ces') and placed.score <> floor(placed.score)
                then 'not a whole number'
            when
                placed.survey_type = 'nps' and (placed.scale_min <> 0 or placed.scale_max <> 10)
                then 'not the scale from 0 to 10'
        end as invalid_reason
    from placed
),

scored as (
    select
        response_id,
        source,
        survey_type,
        account_id,
        contact_id,
        case_id,
        agent_id,
        sent_at,
        responded_at,
        score,
        scale_min,
        scale_max,
        high_is_good,
        case
            when invalid_reason is not null then null
            when high_is_good
                then
                    cast(
                        cast(score - scale_min as double)
                        * 100
                        / cast(scale_max - scale_min as double) as decimal(18, 6)
                    )
            else cast(cast(scale_max - score as double) * 100 / cast(scale_max - scale_min as double) as decimal(18, 6))
        end as normalised_score,
        invalid_reason is null as is_valid,
        invalid_reason,
        comment,
        known_at,
        valid_from,
        valid_to
    from judged
)

select * from scored
