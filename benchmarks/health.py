"""How near the health score comes to the truth: `python -m benchmarks --health`.

The sample's customers leave by a hidden satisfaction that nobody exports. The score is judged beside it, on the same
accounts, month ends and horizons: what the satisfaction of the day tells of who leaves is the most that a score of
satisfaction can. Both are judged apart where the contract has been given notice, and where one falls due or not.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
from tabulate import tabulate

from orchestration.scoring.health_judgement import pooled_auc

HORIZONS = (90, 180)
# As pandas understands them.
GROUPS = {
    "all accounts": "",
    "leave by choice, or stay": "is_voluntary or not churned",
    "notice known on the date": "noticed",
    "no notice, a contract falls due": "not noticed and due",
    "no notice, nothing falls due": "not noticed and not due",
    "dates of the churn-risk back-test": "churn_risk.notna()",
}


def judged(published: Path, truth: Path, horizon: int) -> pd.DataFrame:
    """A row per scored account and month end whose horizon is over: three scores, low for those in danger, and the outcome."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"attach '{published}' as evergreen (read_only)")
        connection.execute("use evergreen")
        return connection.execute(
            f"""
            with truth as (
                -- The CRM's ids are prefixed in the warehouse; the truth has them bare.
                select 'salesforce:' || account_id as account_id, month_end, satisfaction from '{truth}'
            ),
            losses as (
                select account_id, churned_on, is_voluntary from marts.fct_churn
            ),
            health as (
                select account_id, as_of_date, health_score
                from marts.fct_account_health
                where health_score is not null
                    and as_of_date + {horizon} <= (select max(as_of_date) from marts.fct_account_health)
            )
            select
                health.account_id, health.as_of_date, health.health_score, truth.satisfaction,
                -risk.churn_probability as churn_risk,
                losses.account_id is not null as churned, coalesce(losses.is_voluntary, false) as is_voluntary,
                exists (
                    select 1 from marts.fct_renewals as renewals
                    where renewals.account_id = health.account_id and renewals.due_date > health.as_of_date
                        and renewals.due_date <= health.as_of_date + {horizon}
                ) as due,
                exists (
                    select 1 from marts.fct_renewals as renewals
                    where renewals.account_id = health.account_id and renewals.due_date >= health.as_of_date
                        and renewals.outcome = 'churned' and renewals.decided_on <= health.as_of_date
                        and renewals.decided_on < renewals.due_date
                ) as noticed
            from health
            inner join truth on truth.account_id = health.account_id and truth.month_end = health.as_of_date
            left join losses on losses.account_id = health.account_id
                and losses.churned_on > health.as_of_date and losses.churned_on <= health.as_of_date + {horizon}
            left join marts.account_churn_risk as risk on risk.account_id = health.account_id
                and risk.as_of_date = health.as_of_date and risk.horizon_days = {horizon} and risk.is_churned is not null
            -- Who leaves, comes back and leaves again has left once.
            qualify row_number() over (
                partition by health.account_id, health.as_of_date order by losses.churned_on
            ) = 1
            order by health.as_of_date, health.account_id
            """
        ).fetch_df()


def auc(rows: pd.DataFrame, score: str) -> float | None:
    """Over all pairs of one that left and one that stayed on the same date."""
    found = pooled_auc(
        [
            (each["account_id"].to_numpy(), each[score].to_numpy(dtype=float), each["churned"].to_numpy(dtype=bool))
            for _, each in rows.groupby("as_of_date")
        ]
    )
    return found.value if found else None


def figures(published: Path, truth: Path) -> list[tuple[int, str, int, int, float | None, float | None, float | None]]:
    """(horizon, group, account-dates, losses, AUC of the health score, of the hidden satisfaction, of churn risk)."""
    found = []
    for horizon in HORIZONS:
        rows = judged(published, truth, horizon)
        for name, condition in GROUPS.items():
            group = rows.query(condition, engine="python") if condition else rows
            if len(group):
                risk = auc(group, "churn_risk") if group["churn_risk"].notna().all() else None
                scores = auc(group, "health_score"), auc(group, "satisfaction"), risk
                found.append((horizon, name, len(group), int(group["churned"].sum()), *scores))
    return found


def report(published: Path, truth: Path) -> str:
    headers = ["days", "judged on", "account-dates", "losses", "health score", "hidden satisfaction", "churn risk"]
    return tabulate(figures(published, truth), headers=headers, floatfmt=".3f", intfmt=",", missingval="–")
