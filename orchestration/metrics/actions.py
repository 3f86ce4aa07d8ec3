"""`make actions`: whom to call today and why, from the published list of customer actions."""

from __future__ import annotations

import duckdb
from tabulate import tabulate

from orchestration.metrics.sample import MetricsUnavailable
from orchestration.publication.versions import published_as_of
from orchestration.settings import Settings

# An owner is one of ours by key; their name is only shown.
PAGE = """
    select
        accounts.account_name, actions.account_id, actions.action, actions.actions_of_account, actions.reason,
        actions.mrr_at_stake, actions.due_date, agents.full_name, actions.owner_id
    from marts.customer_actions as actions
    left join marts.dim_accounts as accounts on actions.account_id = accounts.account_id
    left join marts.dim_agents as agents on actions.owner_id = agents.agent_id
    where actions.is_on_page
    order by actions.priority
"""


def page(settings: Settings) -> str:
    """The page and what it leaves out. Raises MetricsUnavailable when no list has been published."""
    as_of = published_as_of(settings)
    if as_of is None:
        raise MetricsUnavailable(f"nothing has been published in {settings.warehouse_dir} yet: `make run` first")
    with duckdb.connect(str(settings.published_alias), read_only=True) as connection:
        try:
            lines = connection.execute(PAGE).fetchall()
            actions, accounts = connection.execute(
                "select count(*), count(distinct account_id) from marts.customer_actions"
            ).fetchall()[0]
        except duckdb.CatalogException as error:
            raise MetricsUnavailable(
                "what is published is older than the list of customer actions: `make run` first"
            ) from error
    if not lines:
        return f"\nNothing to do as of {as_of.isoformat()}: no rule of seeds/customer_action_rules.csv applies.\n"
    table = tabulate(
        [
            (
                rank,
                name or account,
                action.replace("_", " ").replace("sla", "SLA") + (f"\n(+{count - 1} more)" if count > 1 else ""),
                reason,
                f"{mrr:,.0f}",
                due.isoformat(),
                owner_name or owner or "nobody",
            )
            for rank, (name, account, action, count, reason, mrr, due, owner_name, owner) in enumerate(lines, start=1)
        ],
        headers=["", "account", "action", "reason", "MRR at stake", "due", "owner"],
        colalign=("right", "left", "left", "left", "right", "left", "left"),
        maxcolwidths=[None, 28, None, 64, None, None, 20],
        disable_numparse=True,
        tablefmt="simple",
    )
    return (
        f"\n{table}\n\nAs of {as_of.isoformat()}: {len(lines)} of {accounts:,} accounts with {actions:,} actions in all "
        "(marts.customer_actions).\n"
        "What is due now comes before what is due soon or later; within each, the most money at stake comes first.\n"
        "Rules: seeds/customer_action_rules.csv.\n"
    )
