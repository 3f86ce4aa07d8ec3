"""What each fitted renewal model expects of a contract at its n-th renewal; orchestration.scoring.lifetime_value has the method."""


def model(dbt, session):
    import pyarrow

    from orchestration.scoring.lifetime_value import expectations

    dbt.config(materialized="table")
    fits = dbt.ref("int_ltv_fits").order("is_pooled, segment, period_months").df()
    opportunities = (
        dbt.ref("int_ltv_renewal_opportunities")
        .project("cast(period_months as double) as period_months, renewal_number")
        .order("period_months, renewal_number")
        .df()
    )
    thresholds = dict(dbt.ref("metric_thresholds").project("name, cast(value as double)").fetchall())
    schema = pyarrow.schema(
        [
            ("segment", pyarrow.string()),
            ("period_months", pyarrow.float64()),
            ("is_pooled", pyarrow.bool_()),
            ("renewal_number", pyarrow.int64()),
            ("renewal_probability", pyarrow.float64()),
            ("expected_periods", pyarrow.float64()),
            ("expected_periods_if_renewed", pyarrow.float64()),
        ]
    )
    return pyarrow.Table.from_pandas(expectations(fits, opportunities, thresholds), schema=schema, preserve_index=False)
