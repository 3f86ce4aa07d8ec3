{{ config(meta={'dagster': {'ref': {'name': 'sla_policies'}}}) }}

-- Every row of sla_policies can be used: a policy is either contractual or internal, its pausing statuses are statuses
-- in which a case can wait, and words are written as they are compared.
with policies as (

    select
        *,
        min(commitment) over (partition by policy) as least_commitment,
        max(commitment) over (partition by policy) as greatest_commitment
    from {{ ref('sla_policies') }}

),

judged as (

    select
        *,
        case
            when least_commitment <> greatest_commitment
                then 'commitment is contractual in one row and internal in another; expected one for the whole policy'
            when
                pausing_statuses is not null
                and not {{ matches(
                    'pausing_statuses', '^(new|open|pending|on_hold)([|](new|open|pending|on_hold))*$'
                ) }}
                then concat(
                    'pausing_statuses is "', pausing_statuses,
                    '"; expected new, open, pending or on_hold, separated by |'
                )
            when
                lower(concat(priority, support_plan, service_process, metric))
                <> concat(priority, support_plan, service_process, metric)
                then 'metric, priority, support_plan and service_process are compared in lower case; write them so'
        end as problem
    from policies

)

select policy
from judged
where
    case
        when problem is not null
            then {{ raise_error("concat('sla_policies, policy \"', policy, '\", metric \"', metric, '\", priority \"', "
                ~ "priority, '\", support_plan \"', support_plan, '\": ', problem, '.')") }}
    end is not null
