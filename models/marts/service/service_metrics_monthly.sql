{#- What happens to cases, each with the column that says in which month. -#}
{%- set months_of_steps = [
    ('created', 'created_month'), ('first_replies', 'first_reply_month'), ('solved', 'solved_month'),
    ('handled', 'month'), ('reopened', 'month'), ('slas', 'month'), ('backlog', 'month'),
] -%}
{%- set dimensions = ['channel', 'topic', 'case_type', 'priority', 'team', 'service_process', 'support_plan'] -%}

with all_cases as (

    select
        case_id,
        is_deleted or is_merged as is_left_out,
        {% for dimension in dimensions %}
            coalesce({{ dimension }}, 'unknown') as {{ dimension }},
        {% endfor %}
        {{ first_of_month(reporting_day('created_at')) }} as created_month,
        {{ first_of_month(reporting_day('first_reply_at')) }} as first_reply_month,
        {{ first_of_month(reporting_day('last_solved_at')) }} as solved_month,
        first_reply_seconds,
        first_reply_business_seconds,
        full_resolution_seconds,
        full_resolution_business_seconds,
        approval_wait_seconds,
        is_first_contact_resolution,
        case_cost
    from {{ ref('fct_cases') }}

),

transitions as (

    select
        case_id,
        transition,
        backlog_change,
        {{ first_of_month(reporting_day('occurred_at')) }} as month
    from {{ ref('int_case_transitions') }}

),

handling_events as (

    select
        case_id,
        handle_seconds,
        {{ first_of_month(reporting_day('occurred_at')) }} as month
    from {{ ref('int_case_events') }}
    where handle_seconds > 0

),

case_slas as (

    select
        case_id,
        commitment,
        outcome,
        {{ first_of_month(reporting_day('decided_at')) }} as month
    from {{ ref('fct_case_slas') }}
    where outcome in ('met', 'breached')

),

cost_centres as (

    select * from {{ ref('cost_centres') }}

),

cost_categories as (

    select * from {{ ref('cost_categories') }}

),

cases as (

    select * from all_cases
    where not is_left_out

),

-- clocks of several systems differ: what is told to have been done before the case was opened was done then
handled_months as (

    select
        cases.case_id,
        greatest(handling_events.month, cases.created_month) as month,
        cases.{{ dimensions | join(', cases.') }},
        sum(handling_events.handle_seconds) as handle_seconds
    from handling_events
    inner join cases on handling_events.case_id = cases.case_id
    group by
        cases.case_id,
        greatest(handling_events.month, cases.created_month),
        cases.{{ dimensions | join(', cases.') }}

),

reopened_months as (

    select distinct
        cases.case_id,
        transitions.month,
        cases.{{ dimensions | join(', cases.') }}
    from transitions
    inner join cases on transitions.case_id = cases.case_id
    where transitions.transition = 'reopened'

),

case_sla_months as (

    select
        case_id,
        month,
        sum(case when commitment = 'contractual' and outcome = 'met' then 1 else 0 end) as sla_met,
        sum(case when commitment = 'contractual' and outcome = 'breached' then 1 else 0 end) as sla_breached,
        sum(case when commitment = 'internal' and outcome = 'met' then 1 else 0 end) as internal_sla_met,
        sum(case when commitment = 'internal' and outcome = 'breached' then 1 else 0 end) as internal_sla_breached
    from case_slas
    group by case_id, month

),

judged_slas as (

    select
        case_sla_months.*,
        cases.{{ dimensions | join(', cases.') }}
    from case_sla_months
    inner join cases on case_sla_months.case_id = cases.case_id

),

case_months as (

    select
        case_id,
        month,
        sum(backlog_change) as backlog_change
    from transitions
    group by case_id, month

),

-- a case that was deleted or merged was in the backlog until then
backlog_changes as (

    select
        case_months.month,
        case_months.backlog_change,
        all_cases.{{ dimensions | join(', all_cases.') }}
    from case_months
    inner join all_cases on case_months.case_id = all_cases.case_id

),

-- what has not happened to a case has no month here and finds none below

created as (

    {{ by_dimension(
        'cases',
        keys=['created_month'],
        dimensions=dimensions,
        measures=[
            'count(*) as cases_created',
            'sum(case_cost) as cost',
        ]
    ) }}

),

first_replies as (

    {{ by_dimension(
        'cases',
        keys=['first_reply_month'],
        dimensions=dimensions,
        measures=[
            'sum(first_reply_seconds) as first_reply_seconds_sum',
            'count(first_reply_seconds) as first_reply_count',
            'percentile_cont(0.5) within group (order by first_reply_seconds) as median_first_reply_seconds',
            'percentile_cont(0.9) within group (order by first_reply_seconds) as p90_first_reply_seconds',
            'sum(first_reply_business_seconds) as first_reply_business_seconds_sum',
            'count(first_reply_business_seconds) as first_reply_business_count',
        ]
    ) }}

),

solved as (

    {{ by_dimension(
        'cases',
        keys=['solved_month'],
        dimensions=dimensions,
        measures=[
            'count(*) as cases_solved',
            'sum(full_resolution_seconds) as resolution_seconds_sum',
            'count(full_resolution_seconds) as resolution_count',
            'percentile_cont(0.5) within group (order by full_resolution_seconds) as median_time_to_resolve_seconds',
            'percentile_cont(0.9) within group (order by full_resolution_seconds) as p90_time_to_resolve_seconds',
            'sum(full_resolution_business_seconds) as resolution_business_seconds_sum',
            'count(full_resolution_business_seconds) as resolution_business_count',
            'sum(approval_wait_seconds) as approval_wait_seconds_sum',
            'sum(case when approval_wait_seconds > 0 then 1 else 0 end) as approvals',
            'count(is_first_contact_resolution) as fcr_eligible',
            'sum(case when is_first_contact_resolution then 1 else 0 end) as fcr_resolved',
        ]
    ) }}

),

handled as (

    {{ by_dimension(
        'handled_months',
        keys=['month'],
        dimensions=dimensions,
        measures=[
            'count(*) as handled_cases',
            'sum(handle_seconds) as handle_seconds_sum',
        ]
    ) }}

),

reopened as (

    {{ by_dimension(
        'reopened_months',
        keys=['month'],
        dimensions=dimensions,
        measures=['count(*) as reopened_cases']
    ) }}

),

slas as (

    {{ by_dimension(
        'judged_slas',
        keys=['month'],
        dimensions=dimensions,
        measures=[
            'sum(sla_met) as sla_met',
            'sum(sla_breached) as sla_breached',
            'sum(internal_sla_met) as internal_sla_met',
            'sum(internal_sla_breached) as internal_sla_breached',
        ]
    ) }}

),

backlog as (

    {{ by_dimension(
        'backlog_changes',
        keys=['month'],
        dimensions=dimensions,
        measures=['sum(backlog_change) as backlog_change']
    ) }}

),

happenings as (

    {% for step, month in months_of_steps %}
        select
            dimension,
            dimension_value,
            {{ month }} as month
        from {{ step }}
        {{ '' if loop.last else 'union all' }}
    {% endfor %}

),

members as (

    select
        dimension,
        dimension_value,
        min(month) as first_month
    from happenings
    group by dimension, dimension_value

),

months as (

    {{ month_spine("(select min(first_month) from members)", last_reporting_day()) }}

),

-- a value of a dimension is there in every month since its first, because a backlog is also there when nothing happens
member_months as (

    select
        months.month,
        members.dimension,
        members.dimension_value
    from members
    inner join months on members.first_month <= months.month

),

-- support costs belong to no channel, team or plan, so only the total has them
support_costs as (

    select
        cost_centres.month,
        'all' as dimension,
        sum(cost_centres.amount) as support_cost
    from cost_centres
    inner join cost_categories on cost_centres.category = cost_categories.category
    where cost_categories.is_support_cost
    group by cost_centres.month

),

joined as (

    select
        member_months.month,
        member_months.dimension,
        member_months.dimension_value,
        coalesce(created.cases_created, 0) as cases_created,
        coalesce(created.cost, 0) as cost,
        coalesce(solved.cases_solved, 0) as cases_solved,
        sum(coalesce(backlog.backlog_change, 0))
            over (partition by member_months.dimension, member_months.dimension_value order by member_months.month)
            as closing_backlog,
        coalesce(solved.resolution_seconds_sum, 0) as resolution_seconds_sum,
        coalesce(solved.resolution_count, 0) as resolution_count,
        solved.median_time_to_resolve_seconds,
        solved.p90_time_to_resolve_seconds,
        coalesce(solved.resolution_business_seconds_sum, 0) as resolution_business_seconds_sum,
        coalesce(solved.resolution_business_count, 0) as resolution_business_count,
        coalesce(solved.approval_wait_seconds_sum, 0) as approval_wait_seconds_sum,
        coalesce(solved.approvals, 0) as approvals,
        coalesce(solved.fcr_eligible, 0) as fcr_eligible,
        coalesce(solved.fcr_resolved, 0) as fcr_resolved,
        coalesce(first_replies.first_reply_seconds_sum, 0) as first_reply_seconds_sum,
        coalesce(first_replies.first_reply_count, 0) as first_reply_count,
        first_replies.median_first_reply_seconds,
        first_replies.p90_first_reply_seconds,
        coalesce(first_replies.first_reply_business_seconds_sum, 0) as first_reply_business_seconds_sum,
        coalesce(first_replies.first_reply_business_count, 0) as first_reply_business_count,
        coalesce(handled.handle_seconds_sum, 0) as handle_seconds_sum,
        coalesce(handled.handled_cases, 0) as handled_cases,
        coalesce(slas.sla_met, 0) as sla_met,
        coalesce(slas.sla_breached, 0) as sla_breached,
        coalesce(slas.internal_sla_met, 0) as internal_sla_met,
        coalesce(slas.internal_sla_breached, 0) as internal_sla_breached,
        coalesce(reopened.reopened_cases, 0) as reopened_cases,
        support_costs.support_cost
    from member_months
    {% for step, month in months_of_steps %}
        left join {{ step }}
            on
                member_months.month = {{ step }}.{{ month }}
                and member_months.dimension = {{ step }}.dimension
                and member_months.dimension_value = {{ step }}.dimension_value
    {% endfor %}
    left join support_costs
        on
            member_months.month = support_costs.month
            and member_months.dimension = support_costs.dimension

),

-- a percentile between two values is a binary fraction: six decimals, so that 820 is never told as 820.0000000000001
final as (

    select
        month,
        dimension,
        dimension_value,
        {{ is_reporting_month_complete('month') }} as is_complete,
        cast(cases_created as bigint) as cases_created,
        cast(cases_solved as bigint) as cases_solved,
        cast(closing_backlog as bigint) as closing_backlog,
        cast(resolution_seconds_sum as bigint) as resolution_seconds_sum,
        cast(resolution_count as bigint) as resolution_count,
        {{ exact_rate('resolution_seconds_sum', 'resolution_count') }} as mean_time_to_resolve_seconds,
        round(cast(median_time_to_resolve_seconds as double), 6) as median_time_to_resolve_seconds,
        round(cast(p90_time_to_resolve_seconds as double), 6) as p90_time_to_resolve_seconds,
        cast(resolution_business_seconds_sum as bigint) as resolution_business_seconds_sum,
        cast(resolution_business_count as bigint) as resolution_business_count,
        {{ exact_rate('resolution_business_seconds_sum', 'resolution_business_count') }}
            as mean_time_to_resolve_business_seconds,
        cast(approval_wait_seconds_sum as bigint) as approval_wait_seconds_sum,
        cast(approvals as bigint) as approvals,
        {{ exact_rate('approval_wait_seconds_sum', 'approvals') }} as mean_approval_wait_seconds,
        cast(first_reply_seconds_sum as bigint) as first_reply_seconds_sum,
        cast(first_reply_count as bigint) as first_reply_count,
        {{ exact_rate('first_reply_seconds_sum', 'first_reply_count') }} as mean_first_reply_seconds,
        round(cast(median_first_reply_seconds as double), 6) as median_first_reply_seconds,
        round(cast(p90_first_reply_seconds as double), 6) as p90_first_reply_seconds,
        cast(first_reply_business_seconds_sum as bigint) as first_reply_business_seconds_sum,
        cast(first_reply_business_count as bigint) as first_reply_business_count,
        {{ exact_rate('first_reply_business_seconds_sum', 'first_reply_business_count') }}
            as mean_first_reply_business_seconds,
        cast(handle_seconds_sum as bigint) as handle_seconds_sum,
        cast(handled_cases as bigint) as handled_cases,
        {{ exact_rate('handle_seconds_sum', 'handled_cases') }} as average_handle_seconds,
        cast(fcr_eligible as bigint) as fcr_eligible,
        cast(fcr_resolved as bigint) as fcr_resolved,
        {{ exact_rate('fcr_resolved', 'fcr_eligible') }} as first_contact_resolution_rate,
        cast(sla_met as bigint) as sla_met,
        cast(sla_breached as bigint) as sla_breached,
        {{ exact_rate('sla_met', 'sla_met + sla_breached') }} as sla_compliance_rate,
        cast(internal_sla_met as bigint) as internal_sla_met,
        cast(internal_sla_breached as bigint) as internal_sla_breached,
        {{ exact_rate('internal_sla_met', 'internal_sla_met + internal_sla_breached') }}
            as internal_sla_compliance_rate,
        cast(reopened_cases as bigint) as reopened_cases,
        {{ exact_rate('reopened_cases', 'cases_solved') }} as reopen_rate,
        cast(cost as decimal(38, 6)) as cost,
        {{ exact_rate('cost', 'cases_created') }} as cost_per_case,
        cast(support_cost as decimal(38, 6)) as support_cost,
        {{ exact_rate('support_cost', 'cases_created') }} as fully_loaded_cost_per_case
    from joined

)

select * from final
