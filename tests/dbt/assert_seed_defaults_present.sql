{{ config(meta={'dagster': {'ref': {'name': 'gross_margin'}}}) }}

-- The seeds of margins and acquisition costs have the row that holds for every segment without one of its own.
select 'gross_margin' as seed
from {{ ref('gross_margin') }}
having count(case when segment = 'default' then 1 end) = 0

union all

select 'acquisition_costs' as seed
from {{ ref('acquisition_costs') }}
having count(case when segment = 'default' then 1 end) = 0
