"""Questions to the semantic layer (models/marts/metrics), answered from the published data. No Dagster."""
