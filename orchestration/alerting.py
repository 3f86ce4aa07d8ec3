"""Tell people that a run failed: one JSON message to a webhook. No Dagster here."""

from __future__ import annotations

import json
import logging
import os
import urllib.error
import urllib.request

LOGGER = logging.getLogger("evergreen.alerting")
TIMEOUT_SECONDS = 10
WEBHOOK = "EVERGREEN_ALERT_WEBHOOK_URL"


def failure_message(job: str, run_id: str, step: str, reason: str) -> str:
    """What failed, why, and what to do, as plain text."""
    return (
        f"Evergreen: run {run_id} of job {job} failed at {step}. Readers still see the version before.\n{reason}\n"
        "What to do: mend what is named above, land the mended file (the broken one may stay or go), and run `make run`. "
        "`ops.check_results` and `ops.extract_loads` in ops.duckdb hold the details."
    )


def alert(job: str, run_id: str, step: str, reason: str) -> str:
    """Tell whoever listens at EVERGREEN_ALERT_WEBHOOK_URL. Returns what came of it, for the log of the run.

    The variable is read here and not with the other settings, so that a setting that cannot be used is told, too.
    """
    url = os.environ.get(WEBHOOK, "").strip()
    if not url:
        return f"no alert was sent: {WEBHOOK} is not set"
    if send_alert(url, failure_message(job, run_id, step, reason)):
        return "alert sent"
    return f"the alert did not arrive at {WEBHOOK}"


def send_alert(webhook_url: str, text: str) -> bool:
    """POST `{"text": …}` as chat systems take it. Returns whether it arrived; a failure to alert is logged, not raised,
    so that it never hides the failure it reports."""
    if not webhook_url.startswith(("http://", "https://")):
        LOGGER.error("%s is not an http(s) address; the alert was not sent", WEBHOOK)
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
