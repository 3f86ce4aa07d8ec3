with breakdown as (

    select * from {{ ref('renewal_breakdown_monthly') }}

),

counted as (

    {{ by_dimension(
        'breakdown',
        keys=['month', 'is_complete'],
        measures=[
            'sum(due_count) as due_count',
            'sum(renewed_count) as renewed_count',
            'sum(pending_count) as pending_count',
            'sum(due_arr) as due_arr',
            'sum(gross_renewed_arr) as gross_renewed_arr',
            'sum(net_renewed_arr) as net_renewed_arr',
        ]
    ) }}

),

final as (

    select
        month,
        dimension,
        dimension_value,
        is_complete,
        cast(due_count as bigint) as due_count,
        cast(renewed_count as bigint) as renewed_count,
        cast(pending_count as bigint) as pending_count,
        cast(due_arr as decimal(38, 6)) as due_arr,
        cast(gross_renewed_arr as decimal(38, 6)) as gross_renewed_arr,
        cast(net_renewed_arr as decimal(38, 6)) as net_renewed_arr,
        {{ exact_rate('renewed_count', 'due_count') }} as renewal_rate_count,
        {{ exact_rate('gross_renewed_arr', 'due_arr') }} as renewal_rate_gross,
        {{ exact_rate('net_renewed_arr', 'due_arr') }} as renewal_rate_net
    from counted

)

select * from final
