"""Fits the renewal model per segment and length of term, and pooled; orchestration.scoring.lifetime_value has the method."""


def model(dbt, session):
    import pyarrow

    from orchestration.scoring.lifetime_value import fit_segments

    dbt.config(materialized="table")
    opportunities = (
        dbt.ref("int_ltv_renewal_opportunities")
        .project("segment, cast(period_months as double) as period_months, renewal_number, renewed, lost")
        .order("segment, period_months, renewal_number")
        .df()
    )
    thresholds = dict(dbt.ref("metric_thresholds").project("name, cast(value as double)").fetchall())
    schema = pyarrow.schema(
        [
            ("segment", pyarrow.string()),
            ("period_months", pyarrow.float64()),
            ("is_pooled", pyarrow.bool_()),
            ("status", pyarrow.string()),
            ("renewal_rate", pyarrow.float64()),
            ("alpha", pyarrow.float64()),
            ("beta", pyarrow.float64()),
            ("alpha_std_error", pyarrow.float64()),
            ("beta_std_error", pyarrow.float64()),
            ("log_likelihood", pyarrow.float64()),
            ("renewals_observed", pyarrow.int64()),
            ("losses_observed", pyarrow.int64()),
            ("periods_observed", pyarrow.int64()),
        ]
    )
    return pyarrow.Table.from_pandas(fit_segments(opportunities, thresholds), schema=schema, preserve_index=False)
