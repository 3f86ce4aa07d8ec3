"""Fits the churn models of each scored date; orchestration.scoring.churn_risk has the method. On DuckDB."""


def model(dbt, session):
    import pyarrow

    from orchestration.scoring.churn_risk import fit_all

    dbt.config(materialized="table")
    training = dbt.ref("int_churn_risk_training").order("as_of_date, account_id").df()
    dates = dbt.ref("int_churn_risk_dates").filter("is_backtest or is_today").order("as_of_date").df()
    thresholds = dict(dbt.ref("metric_thresholds").project("name, cast(value as double)").fetchall())
    fitted = fit_all(training, dates["as_of_date"], thresholds)
    schema = pyarrow.schema(
        [
            ("as_of_date", pyarrow.date32()),
            ("model", pyarrow.string()),
            ("feature", pyarrow.string()),
            ("coefficient", pyarrow.float64()),
            ("center", pyarrow.float64()),
            ("training_rows", pyarrow.int64()),
            ("training_churned", pyarrow.int64()),
            ("trained_from", pyarrow.date32()),
            ("trained_to", pyarrow.date32()),
        ]
    )
    return pyarrow.Table.from_pandas(fitted, schema=schema, preserve_index=False)
