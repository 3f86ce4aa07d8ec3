"""A dbt-duckdb plugin (profiles.yml) for what must be imported before dbt's threads run Python models.

While PyArrow is imported, its class MapScalar exists for a moment as a Mapping that answers as a Sequence does. Whoever asks
in another thread just then whether a list or a tuple is a Mapping is told yes, and Python remembers it until the process
ends: afterwards `pyarrow.schema([...])` and `dict([...])` fail. dbt-duckdb loads plugins when it first opens the database,
when no model runs yet; a Python model's own import comes too late.
"""

from __future__ import annotations

import pyarrow as pyarrow
from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Does nothing: importing this module is the purpose."""
