{{ config(meta={'dagster': {'ref': {'name': 'fct_cases'}}}) }}

-- Nothing of a case happens before it is opened, and its first solving is not after its last; there is a first reply
-- when there are replies; business time is part of clock time; requester wait is agent work and hold, and no case waits
-- longer than it has been there.
select case_id
from {{ ref('fct_cases') }}
where
    first_reply_seconds < 0
    or first_resolution_seconds < 0
    or first_resolution_seconds > full_resolution_seconds
    or (first_solved_at is null) <> (last_solved_at is null)
    or (first_reply_at is null) <> (public_replies = 0)
    or first_reply_business_seconds not between 0 and first_reply_seconds
    or full_resolution_business_seconds not between 0 and full_resolution_seconds
    or requester_wait_seconds <> agent_work_seconds + on_hold_seconds
    or requester_wait_seconds > {{ seconds_from_to('created_at', as_of_end()) }}
    or approval_wait_seconds < 0
    or (is_open and (is_deleted or is_merged))
    or (is_merged and merged_at is null)
    or (is_first_contact_resolution and reopen_count > 0)
