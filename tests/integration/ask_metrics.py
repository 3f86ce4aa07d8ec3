"""`python -m tests.integration.ask_metrics`: questions in, answers out, as JSON, through MetricFlow's engine.

One process for many questions: starting dbt and MetricFlow takes longer than answering. A question is the keyword
arguments of a MetricFlow request; a request `{"execute": <statement>}` runs SQL on the connection that questions use.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest


def answer(configuration: CLIConfiguration, question: dict[str, Any]) -> Any:
    if "execute" in question:
        try:
            configuration.sql_client.execute(question["execute"])
        except Exception as error:
            return str(error)
        return "done"
    frame = configuration.mf.query(MetricFlowQueryRequest.create(**question)).result_df
    assert frame is not None
    return [dict(zip(frame.column_names, row, strict=True)) for row in frame.rows]


if __name__ == "__main__":
    configuration = CLIConfiguration()
    configuration.setup(configure_file_logging=False)
    answers = [answer(configuration, question) for question in json.load(sys.stdin)]
    json.dump(answers, sys.stdout, default=str)
