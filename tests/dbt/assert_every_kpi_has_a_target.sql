{{ config(meta={'dagster': {'ref': {'name': 'kpi_targets'}}}) }}

-- Every KPI of macros/scorecard.sql has a target in seed kpi_targets: a figure that nobody has set a goal for is in no
-- scorecard. (That every target has a KPI is told by assert_kpi_targets_usable.)
with known_kpis as (

    {{ known_kpis() }}

),

missing as (

    select {{ ordered_text('known_kpis.kpi') }} as kpis
    from known_kpis
    left join {{ ref('kpi_targets') }} as kpi_targets on known_kpis.kpi = kpi_targets.kpi
    where kpi_targets.kpi is null

)

select kpis
from missing
where
    case
        when kpis is not null
            then {{ raise_error("concat('kpi_targets has no target for: ', kpis, '.')") }}
    end is not null
