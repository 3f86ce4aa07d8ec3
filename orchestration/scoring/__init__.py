"""What is estimated and not counted: pure functions on data frames, called by dbt's Python models. No Dagster, no
database, no clock; whatever reads or writes tables belongs to dbt."""
