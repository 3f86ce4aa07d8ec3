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
                when 'adoption'
                    then case
                        when adoption_value = 0
                            then concat('usage: nobody was active in the last ', {{ whole_number_text('adoption_days') }}, ' days')
                        else concat(
                            'usage: ', {{ whole_number_text('100 * adoption_value') }}, ' % of seats active in the last ',
                            {{ whole_number_text('adoption_days') }}, ' days'
                        )
                    end
                when 'service'
                    then concat(
                        'support: ', {{ whole_number_text('service_value') }},
                        case when round(service_value) = 1 then ' case' else ' cases' end,
                        ' opened or reopened in the last ', {{ whole_number_text('service_days') }}, ' days'
                    )
                when 'sentiment'
                    then concat(
                        'surveys: recent answers average ', {{ whole_number_text('sentiment_value') }}, ' of 100'
                    )
                when 'relationship'
                    then concat(
                        'contact: ',
                        case
                            when relationship_value = 0 then 'none'
                            when relationship_value = 1 then '1 conversation'
                            else concat({{ whole_number_text('relationship_value') }}, ' conversations')
                        end,
                        ' in the last ', {{ whole_number_text('relationship_days') }}, ' days'
                    )
                when 'commercial'
                    then concat(
                        'revenue: ', {{ whole_number_text('100 * commercial_value') }}, ' % of that of ',
                        {{ whole_number_text('commercial_days') }}, ' days ago is in service and not under notice'
                    )
            end,
            ', lowers the score by ',
            {{ whole_number_text('most_points_lost') }},
            case when round(most_points_lost) = 1 then ' point' else ' points' end
        )
    end
{%- endmacro %}

{# The number of the ticket that another was merged into, out of the note that the help desk leaves. #}
{% macro merged_into_number(column) -%}
    regexp_extract({{ column }}, 'closed and merged into request #([0-9]+)', 1)
{%- endmacro %}

{# Condition: the events of an audit are those that opened the ticket. Two plain searches cost a tenth of a pattern. #}
{% macro opens_ticket(column) -%}
    ({{ column }} like '%"type":"Create"%' or {{ column }} like '%"type": "Create"%')
{%- endmacro %}
