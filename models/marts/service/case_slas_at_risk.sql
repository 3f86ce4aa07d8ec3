with slas as (

    select * from {{ ref('fct_case_slas') }}
    where is_active

),

cases as (

    select * from {{ ref('fct_cases') }}

),

judged as (

    select
        slas.*,
        cases.priority,
        cases.status,
        cases.channel,
        cases.topic,
        case
            when slas.outcome = 'unknown' then 'unknown'
            when slas.is_breached then 'breached'
            when slas.is_paused then 'paused'
            when
                slas.remaining_seconds <= {{ threshold('sla_at_risk_share', 'double') }} * slas.target_seconds
                or slas.breach_at
                <= {{ instant_of(
                    epoch_seconds(as_of_end()) ~ ' + 3600 * ' ~ threshold('sla_at_risk_hours', 'bigint')
                ) }}
                then 'at_risk'
            else 'on_track'
        end as risk
    from slas
    inner join cases on slas.case_id = cases.case_id

),

-- First what can still be kept, by the time that is left; then what is late, the longest first.
ordered as (

    select
        *,
        case risk when 'at_risk' then 1 when 'breached' then 2 when 'on_track' then 3 when 'paused' then 4 else 5 end
            as risk_order
    from judged

),

final as (

    select
        case_id,
        policy,
        metric,
        applied_at,
        cast(row_number() over (
            order by
                risk_order asc,
                coalesce(breach_at, cast('9999-12-31 00:00:00' as timestamp)) asc,
                commitment asc,
                case_id asc,
                policy asc,
                metric asc
        ) as bigint) as list_position,
        risk,
        commitment,
        calendar,
        account_id,
        team,
        assignee_id,
        priority,
        priority_applied,
        status,
        channel,
        topic,
        target_seconds,
        elapsed_seconds,
        remaining_seconds,
        breach_at,
        is_breached,
        is_paused
    from ordered

)

select * from final
