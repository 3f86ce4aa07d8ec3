{# The five components of health in the order in which equal effects are told: the more a lead can do about it, the
   earlier it stands. A component's measure is SQL (int_health_<component>); its weight, bounds and direction are rows of
   seed health_score_weights. #}
{% macro health_components() -%}
    {{ return(['adoption', 'service', 'sentiment', 'relationship', 'commercial']) }}
{%- endmacro %}

{# What Salesforce ids of 15 and 18 characters have in common: the first 15, case-sensitive. Null for any other text. #}
{% macro salesforce_match_key(column) -%}
    case
        when {{ matches(column, '^(salesforce:)?[0-9A-Za-z]{15}([0-9A-Za-z]{3})?$') }}
            then concat('salesforce id ', substring(regexp_replace({{ column }}, '^salesforce:', ''), 1, 15))
    end
{%- endmacro %}


{# Texts of a group as one text, in their own order, so that the result does not depend on the order of the rows. #}
{% macro ordered_text(expression) -%}
    {{ return(adapter.dispatch('ordered_text')(expression)) }}
{%- endmacro %}

{% macro default__ordered_text(expression) -%}
    string_agg({{ expression }}, ';' order by {{ expression }})
{%- endmacro %}

{% macro spark__ordered_text(expression) -%}
    array_join(sort_array(collect_list({{ expression }})), ';')
{%- endmacro %}

{# A number rounded to a whole one, as text for people. #}
{% macro whole_number_text(expression) -%}
    cast(cast(round({{ expression }}) as bigint) as {{ dbt.type_string() }})
{%- endmacro %}

{# A count in words: none of it, `1 <one>`, or `<n> <many>`. #}
{% macro count_words(expression, nothing, one, many) -%}
    case round({{ expression }})
        when 0 then '{{ nothing }}'
        when 1 then '1 {{ one }}'
        else concat({{ whole_number_text(expression) }}, ' {{ many }}')
    end
{%- endmacro %}

{# A share as whole per cent. #}
{% macro percent_text(expression) -%}
    concat({{ whole_number_text('100 * ' ~ expression) }}, ' %')
{%- endmacro %}

{# What weighs most on a score, in the words of a customer-success lead. Columns are those of fct_account_health. #}
{% macro health_driver_words() -%}
    case driver
        when 'unknown'
            then concat('too little is known: no ', concat_ws(
                ' and no ',
                case when adoption_value is null then 'usage' end,
                case when service_value is null then 'support cases' end,
                case when sentiment_value is null then 'survey answers' end,
                case when relationship_value is null then 'contact history' end,
                case when commercial_value is null then 'revenue history' end
            ))
        when 'none' then 'nothing lowers the score'
        else concat(
            case driver
                {% for component in health_components() %}
                    when '{{ component }}'
                        then concat('{{ health_nouns()[component] }}: ', {{ health_state_words(component) }})
                {% endfor %}
            end,
            ', lowers the score by ',
            {{ whole_number_text('most_points_lost') }},
            case when round(most_points_lost) = 1 then ' point' else ' points' end
        )
    end
{%- endmacro %}

{# What moved the score most in the direction in which it went, and how it was then. Columns are those of
   fct_account_health; what is called earlier_ is of four weeks before. #}
{% macro health_trend_words() -%}
    case
        when mover = 'none' then concat('no change of ', {{ whole_number_text('trend_points') }}, ' points or more')
        {% for component in health_components() %}
            when mover = '{{ component }}'
                then case
                    {# Other weights move a score too: those of another segment, or of the components that are known. #}
                    when round({{ component }}_value - earlier_{{ component }}_value, 6) = 0
                        then '{{ health_nouns()[component] }}: as four weeks before, but weighed differently'
                    when earlier_{{ component }}_value is null
                        then concat(
                            '{{ health_nouns()[component] }}: {{ "first answers" if component == "sentiment" else "first known" }}, ',
                            {{ health_state_words(component) }}
                        )
                    when {{ component }}_value is null
                        then concat(
                            '{{ health_nouns()[component] }}: ',
                            '{{ "answers ran out" if component == "sentiment" else "no longer known" }}, ',
                            {{ health_earlier_words(component) }}, ' four weeks before'
                        )
                    {% if component == 'adoption' %}
                        when adoption_value > 0 and earlier_adoption_value > 0
                            then concat(
                                'usage ', case when adoption_value < earlier_adoption_value then 'fell' else 'rose' end,
                                ' by ', {{ percent_text('abs(adoption_value / earlier_adoption_value - 1)') }},
                                ' in four weeks, from ', {{ percent_text('earlier_adoption_value') }}, ' to ',
                                {{ percent_text('adoption_value') }}, ' of seats active in the last ',
                                {{ whole_number_text('adoption_days') }}, ' days'
                            )
                    {% elif component == 'commercial' %}
                        when commercial_mover = 'payment'
                            then concat(
                                'revenue: ', {{ payment_words() }}, '; ',
                                case earlier_payment_orders
                                    when 0 then 'none'
                                    when 1 then concat('one marked ', {{ plain_words('earlier_payment_status') }})
                                    else concat(
                                        {{ whole_number_text('earlier_payment_orders') }}, ', the worst ',
                                        {{ plain_words('earlier_payment_status') }}, ','
                                    )
                                end,
                                ' four weeks before'
                            )
                        when commercial_mover = 'renewal'
                            then concat(
                                'revenue: ', {{ renewal_words() }}, ', ',
                                {{ share_text('earlier_renewal_ahead_share') }}, ' four weeks before'
                            )
                        when commercial_mover = 'notice'
                            then concat(
                                'revenue: ', {{ notice_words() }}, ', ', {{ share_text('earlier_notice_share') }},
                                ' four weeks before'
                            )
                    {% endif %}
                    else concat(
                        '{{ health_nouns()[component] }}: ',
                        {{ secured_words() if component == 'commercial' else health_state_words(component) }}, ', ',
                        {{ health_earlier_words(component) }}, ' four weeks before'
                    )
                end
        {% endfor %}
    end
{%- endmacro %}

{% macro health_nouns() -%}
    {{ return({
        'adoption': 'usage',
        'service': 'support',
        'sentiment': 'surveys',
        'relationship': 'contact',
        'commercial': 'revenue',
    }) }}
{%- endmacro %}

{# How a component is at the date. #}
{% macro health_state_words(component) -%}
    {%- if component == 'adoption' -%}
        case
            when adoption_value = 0
                then concat('nobody was active in the last ', {{ whole_number_text('adoption_days') }}, ' days')
            else concat(
                {{ percent_text('adoption_value') }}, ' of seats active in the last ',
                {{ whole_number_text('adoption_days') }}, ' days'
            )
        end
    {%- elif component == 'service' -%}
        concat(
            {{ count_words('service_value', 'no cases', 'case', 'cases') }}, ' opened or reopened in the last ',
            {{ whole_number_text('service_days') }}, ' days'
        )
    {%- elif component == 'sentiment' -%}
        concat('recent answers average ', {{ whole_number_text('sentiment_value') }}, ' of 100')
    {%- elif component == 'relationship' -%}
        concat(
            {{ count_words('relationship_value', 'none', 'conversation', 'conversations') }}, ' in the last ',
            {{ whole_number_text('relationship_days') }}, ' days'
        )
    {%- else -%}
        case commercial_driver
            when 'payment' then {{ payment_words() }}
            when 'renewal' then {{ renewal_words() }}
            when 'notice' then {{ notice_words() }}
            else {{ secured_words() }}
        end
    {%- endif -%}
{%- endmacro %}

{# How a component was four weeks before. #}
{% macro health_earlier_words(component) -%}
    {%- if component == 'adoption' -%}
        case
            when earlier_adoption_value = 0 then 'nobody'
            else concat({{ percent_text('earlier_adoption_value') }}, ' of seats')
        end
    {%- elif component == 'service' -%}
        case
            when round(earlier_service_value) = 0 then 'none'
            else {{ whole_number_text('earlier_service_value') }}
        end
    {%- elif component == 'sentiment' -%}
        concat({{ whole_number_text('earlier_sentiment_value') }}, ' of 100')
    {%- elif component == 'relationship' -%}
        case
            when round(earlier_relationship_value) = 0 then 'none'
            when relationship_value > 0 then {{ whole_number_text('earlier_relationship_value') }}
            else {{ count_words('earlier_relationship_value', 'none', 'conversation', 'conversations') }}
        end
    {%- else -%}
        {{ percent_text('earlier_revenue_ratio * (1 - earlier_notice_share)') }}
    {%- endif -%}
{%- endmacro %}

{# The four things that commercial health looks at. The word for the worst order is its system's own. #}
{% macro payment_words() -%}
    case payment_orders
        when 0 then 'no order is marked with payment trouble'
        when 1 then concat('an order is marked ', {{ plain_words('payment_status') }})
        else concat(
            {{ whole_number_text('payment_orders') }}, ' orders are marked with payment trouble, the worst ',
            {{ plain_words('payment_status') }}
        )
    end
{%- endmacro %}

{% macro renewal_words() -%}
    case
        when renewal_ahead_share = 0 then concat(
            'nothing has to be renewed in the next ', {{ whole_number_text('renewal_ahead_days') }}, ' days'
        )
        else concat(
            'a renewal of ', {{ percent_text('renewal_ahead_share') }}, ' of it comes due in the next ',
            {{ whole_number_text('renewal_ahead_days') }}, ' days'
        )
    end
{%- endmacro %}

{% macro notice_words() -%}
    concat('notice was given for ', {{ percent_text('notice_share') }}, ' of it')
{%- endmacro %}

{% macro secured_words() -%}
    concat(
        {{ percent_text('revenue_ratio * (1 - notice_share)') }}, ' of that of ',
        {{ whole_number_text('commercial_days') }}, ' days ago is in service and not under notice'
    )
{%- endmacro %}

{% macro share_text(expression) -%}
    case when {{ expression }} = 0 then 'nothing' else {{ percent_text(expression) }} end
{%- endmacro %}

{# The number of the ticket that another was merged into, out of the note that the help desk leaves. #}
{% macro merged_into_number(column) -%}
    regexp_extract({{ column }}, 'closed and merged into request #([0-9]+)', 1)
{%- endmacro %}

{# Condition: the events of an audit are those that opened the ticket. Two plain searches cost a tenth of a pattern. #}
{% macro opens_ticket(column) -%}
    ({{ column }} like '%"type":"Create"%' or {{ column }} like '%"type": "Create"%')
{%- endmacro %}

{# The end of a test of a seed that people edit: fails with the column `problem` of all rows of `relation` in one text,
   since a row count tells nobody which cell to correct. #}
{% macro fail_with_problems(relation) -%}
    select told.problems
    from (
        select {{ ordered_text('problem') }} as problems
        from {{ relation }}
    ) as told
    where case when told.problems is not null then {{ raise_error('told.problems') }} end is not null
{%- endmacro %}

{# A cell of a seed as its reader sees it. #}
{% macro cell_text(column) -%}
    coalesce(cast({{ column }} as {{ dbt.type_string() }}), '')
{%- endmacro %}
