{# What the voice of the customer is cut by: the account's attributes at the answer, then those of the case it is about. #}
{% macro voice_dimensions() -%}
    {{ return([
        'segment', 'region', 'customer_type', 'support_plan', 'channel', 'team', 'topic', 'service_process',
    ]) }}
{%- endmacro %}

{# Every match of a regular expression replaced. `pattern` is written once, with single backslashes, in what RE2 and
   java.util.regex have in common; Spark reads backslashes in literals as escapes. #}
{% macro replace_all(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_all')(expression, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern | replace('\\', '\\\\') }}', '{{ replacement }}')
{%- endmacro %}

{# What people wrote, without e-mail addresses and phone numbers. A phone number is six digits or more behind + or 00, or
   nine digits or more with spaces, dots, dashes, slashes or brackets between them: of a long number that is something
   else the digits are lost, never the other way round. A date alone has eight digits and stays. #}
{% macro without_contact_details(comment) -%}
    {%- set address = '[0-9A-Za-zÀ-ӿ._%+-]+@[0-9A-Za-zÀ-ӿ-]+([.][0-9A-Za-zÀ-ӿ-]+)+' -%}
    {%- set gap = '[ \u00a0()./–-]{0,3}' -%}
    {%- set phone = '([+]|00)[ (]{0,2}[0-9](' ~ gap ~ '[0-9]){5,}|[(]?[0-9](' ~ gap ~ '[0-9]){8,}' -%}
    {{ replace_all(replace_all(comment, address, '[removed]'), phone, '[removed]') }}
{%- endmacro %}

{# Text as words to search in: lower case, accents gone, one space between words and around the whole. `é` matches `e`
   whichever way the accent is encoded. `kept` are characters that stay beside letters and digits. #}
{% macro searchable_text(expression, kept='') -%}
    {%- set accented = 'àáâãäåāăąçćčďđèéêëēėęěğìíîïīįıłñńňòóôõöøōőŕřśşšťţùúûüūůűųýÿžźż' -%}
    {%- set plain = 'aaaaaaaaacccddeeeeeeeegiiiiiiilnnnoooooooorrsssttuuuuuuuuyyzzz' -%}
    {#- Combining accents stand last: what has no counterpart is dropped. -#}
    {%- set combining = '\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0328' -%}
    concat(
        ' ',
        trim({{ replace_all(
            "translate(lower(" ~ expression ~ "), '" ~ accented ~ combining ~ "', '" ~ plain ~ "')",
            '[^\\p{L}\\p{M}\\p{N}' ~ kept ~ ']+',
            ' '
        ) }}),
        ' '
    )
{%- endmacro %}

{# The text that a pattern of seed feedback_themes looks for in searchable text: whole words, unless a star at an end says
   that the word goes on there. #}
{% macro searched_for(pattern) -%}
    replace(replace({{ searchable_text(pattern, kept='*') }}, ' *', ''), '* ', '')
{%- endmacro %}

{# Net promoter score: a whole number from -100 to 100. Doubles hold every half exactly, so that halves, and they alone,
   are rounded away from zero. #}
{% macro net_promoter_score(promoters, detractors, responses) -%}
    cast(round({{ exact_rate('100 * (' ~ promoters ~ ' - ' ~ detractors ~ ')', responses) }}) as integer)
{%- endmacro %}

{# Half the width of a 95 % confidence interval of the net promoter score, in its points. #}
{% macro nps_margin_of_error(promoters, detractors, responses) -%}
    {{ threshold('confidence_standard_errors', 'double') }} * 100 * sqrt(
        (
            {{ exact_rate(promoters ~ ' + ' ~ detractors, responses) }}
            - power({{ exact_rate(promoters ~ ' - ' ~ detractors, responses) }}, 2)
        )
        / nullif(cast({{ responses }} as double), 0)
    )
{%- endmacro %}

{# One end of the Wilson score interval of a share (95 %): Wilson, 1927. Unlike the share ± its standard error it says
   something when none or all of a few did. `side` is '-' or '+'. #}
{% macro wilson_bound(successes, trials, side) -%}
    {%- if is_linting() -%}{{ return('sqrt(' ~ trials ~ ')') }}{%- endif -%}
    {%- set errors = threshold('confidence_standard_errors', 'double') -%}
    {%- set total = 'nullif(cast(' ~ trials ~ ' as double), 0)' -%}
    {%- set share = exact_rate(successes, trials) -%}
    case
        when {{ trials }} > 0 and {{ successes }} = {{ 0 if side == '-' else trials }} then cast({{ 0 if side == '-' else 1 }} as double)
        else (
            {{ share }} + {{ errors }} * {{ errors }} / (2 * {{ total }})
            {{ side }} {{ errors }} * sqrt(
                {{ share }} * (1 - {{ share }}) / {{ total }}
                + {{ errors }} * {{ errors }} / (4 * {{ total }} * {{ total }})
            )
        )
        / (1 + {{ errors }} * {{ errors }} / {{ total }})
    end
{%- endmacro %}
