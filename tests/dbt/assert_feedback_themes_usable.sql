{{ config(meta={'dagster': {'ref': {'name': 'feedback_themes'}}}) }}

-- Every pattern has a letter or digit to look for and stars at its ends only, and no theme is called `other`.
select
    theme,
    pattern,
    language
from {{ ref('feedback_themes') }}
where
    pattern is null
    or trim({{ searchable_text('pattern') }}) = ''
    or trim(pattern) like '%_*_%'
    or lower(theme) = 'other'
