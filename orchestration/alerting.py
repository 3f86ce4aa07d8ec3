"""Tell people that a run failed: one JSON message to a webhook. No Dagster here."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request

LOGGER = logging.getLogger("evergreen.alerting")
TIMEOUT_SECONDS = 10


def failure_message(job: str, run_id: str, step: str, reason: str) -> str:
    """What failed, why, and what to do, as plain text."""
    return (
        f"Evergreen: run {run_id} of job {job} failed at {step}. Readers still see the version before.\n{reason}\n"
        "What to do: mend what is named above, land the mended file (the broken one may stay or go), and run `make run`. "
        "`ops.check_results` and `ops.extract_loads` in ops.duckdb hold the details."
    )


def send_alert(webhook_url: str, text: str) -> bool:
    """POST `{"text": …}` as chat systems take it. Returns whether it arrived; a failure to alert is logged, not raised,
    so that it never hides the failure it reports."""
    if not webhook_url.startswith(("http://", "https://")):
        LOGGER.error("EVERGREEN_ALERT_WEBHOOK_URL is not an http(s) address; the alert was not sent")
        return False
    request = urllib.request.Request(  # noqa: S310 (scheme checked above)
        webhook_url, data=json.dumps({"text": text}).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            return True
    except (urllib.error.URLError, OSError) as error:
        LOGGER.error("the alert could not be delivered: %s", error)
        return False
