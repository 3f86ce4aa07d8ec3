"""`make bench`: the whole daily job against the floor, on one company, in one go.

The floor is one process that does the same reading and runs the same compiled models through DuckDB alone: landed files to
Parquet, seeds, models, nothing else: no orchestration, no checks, no publication. Machines differ and are noisy, so the
ratio is what counts. Results are appended to benchmarks/results.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results.csv"
FIELDS = ["measured_on", "accounts", "what", "seconds", "peak_mib", "ratio_to_floor"]


def environment(root: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "DAGSTER_HOME": str(PROJECT),
        "EVERGREEN_LANDING_DIR": str(root / "landing"),
        "EVERGREEN_WAREHOUSE_DIR": str(root / "warehouse"),
        "EVERGREEN_DAGSTER_DIR": str(root / "dagster"),
    }


def timed(command: list[str], env: dict[str, str], log: Path) -> tuple[float, float]:
    """(wall seconds, peak MiB of the largest process) of a command that must succeed."""
    started = time.perf_counter()
    with log.open("w") as sink:
        subprocess.run(
            [sys.executable, "-m", "benchmarks", "--measure", *command],
            cwd=PROJECT,
            env=env,
            stdout=sink,
            stderr=sink,
            check=True,
        )
    seconds = time.perf_counter() - started
    peak = re.findall(r"^PEAK_KIB (\d+)$", log.read_text(), re.MULTILINE)
    return seconds, int(peak[-1]) / 1024


def measure(command: list[str]) -> int:
    """Run a command and print the peak resident memory of the largest of its processes."""
    finished = subprocess.run(command, check=False)
    print(f"PEAK_KIB {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
    return finished.returncode


def used() -> tuple[float, float]:
    """(wall seconds, CPU seconds of all threads of this process) since some beginning."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), spent.ru_utime + spent.ru_stime


def print_used(since: tuple[float, float], name: str) -> None:
    wall, cpu = (now - then for now, then in zip(used(), since, strict=True))
    print(f"{wall:8.2f} s {cpu:8.2f} s CPU {name}")


def add_twenty_million() -> None:
    """Work that is the same everywhere, so that runs of different machines and days can be compared."""
    total = 0
    for number in range(20_000_000):
        total += number


def floor(compiled: Path, yardsticks: bool = False) -> int:
    """Read the landed files and run the compiled code of every node in dependency order, in this process."""
    from orchestration.ingestion.declarations import load_declarations
    from orchestration.ingestion.lake import create_build_database
    from orchestration.ingestion.loading import connect, ingest_object
    from orchestration.settings import Settings

    started = time.perf_counter()
    settings = Settings.from_environment()
    declarations = load_declarations(settings.project_dir)
    loads = [
        load
        for declared in declarations
        for load in ingest_object(settings, declared, {}, report=lambda _: None)
        if load.status == "loaded"
    ]
    create_build_database(settings, settings.build_database, declarations, loads)
    print(f"ingestion {time.perf_counter() - started:.1f} s")
    nodes = json.loads(compiled.read_text())
    with connect(settings, str(settings.build_database)) as connection:
        # As in profiles.yml.
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set disabled_compression_methods = 'fsst,dictionary'")
        if yardsticks:
            began = used()
            add_twenty_million()
            print_used(began, "additions_before")
        for schema in sorted({node["schema"] for node in nodes}):
            connection.execute(f'create schema if not exists "{schema}"')
        for node in nodes:
            name = f'"{node["schema"]}"."{node["name"]}"'
            if node["seed"]:
                types = json.dumps(node["types"]).replace('"', "'")
                connection.execute(
                    f"create table {name} as from read_csv('{node['seed']}', header = true, types = {types})"
                )
            else:
                began = used()
                if node["kind"] == "python":
                    # dbt's compiled form has the model and what stands for `dbt` in it.
                    parts: dict[str, Any] = {}
                    exec(str(node["code"]), parts)  # noqa: S102 - the project's own model
                    frame = parts["model"](parts["dbtObj"](lambda table: connection.sql(f"from {table}")), connection)
                    connection.register("frame", frame)
                    connection.execute(f"create table {name} as from frame")
                else:
                    connection.execute(f"create {node['kind']} {name} as {node['code']}")
                print_used(began, node["name"])
        print(f"floor {time.perf_counter() - started:.1f} s")
        if yardsticks:
            began = used()
            connection.execute(SCAN_AND_SORT)
            print_used(began, "scan_and_sort")
            began = used()
            add_twenty_million()
            print_used(began, "additions_after")
    return 0


# Everything that is made from cases, their events and answers about them.
SERVICE_FOLDERS = (
    "models/staging/generic",
    "models/intermediate/business_time",
    "models/intermediate/cases",
    "models/intermediate/sla",
    "models/intermediate/voice",
    "models/marts/self_service",
    "models/marts/service",
    "models/marts/teams",
    "models/marts/topics",
    "models/marts/voice",
)
SCAN_AND_SORT = """
    create temp table sorted_events as
    select * from intermediate.int_case_events order by case_id, occurred_at, event_id
"""


def service(root: Path, env: dict[str, str]) -> None:
    """What all service models take at the size of benchmarks/service.py, beside two yardsticks taken in the same process:
    one scan and sort of the same events, and twenty million additions in Python before and after the models."""
    from benchmarks.service import AS_OF, CASES, write_company

    print("writing the cases", flush=True)
    write_company(root / "landing")
    compiled = compile_models(root, env, date.fromisoformat(AS_OF))
    print("running the models", flush=True)
    log = root / "floor.log"
    _, peak = timed([sys.executable, "-m", "benchmarks", "--floor", str(compiled), "--yardsticks"], env, log)
    took = {
        name: (float(wall), float(cpu))
        for wall, cpu, name in re.findall(r"^ *([0-9.]+) s +([0-9.]+) s CPU (\w+)$", log.read_text(), re.M)
    }

    def sums(names: list[str]) -> tuple[float, float]:
        return sum(took[name][0] for name in names), sum(took[name][1] for name in names)

    models = {
        folder: [node["name"] for node in json.loads(compiled.read_text()) if node["folder"] == folder]
        for folder in SERVICE_FOLDERS
    }
    print("    wall      CPU")
    for folder, names in models.items():
        print("{:8.2f} {:8.2f} s".format(*sums(names)), folder)
        for name in sorted(names, key=lambda each: -took[each][1]):
            if took[name][1] >= 0.05:
                print("      {:8.2f} {:8.2f} s".format(*took[name]), name)
    wall, cpu = sums([name for names in models.values() for name in names])
    sort_wall, sort_cpu = took["scan_and_sort"]
    loop_wall, loop_cpu = (seconds / 2 for seconds in sums(["additions_before", "additions_after"]))
    print(f"{wall:8.2f} {cpu:8.2f} s all service models, {peak:.0f} MiB")
    marts = sums([name for folder, names in models.items() if folder.startswith("models/marts/") for name in names])
    print("{:8.2f} {:8.2f} s of which marts".format(*marts))
    print(f"{sort_wall:8.2f} {sort_cpu:8.2f} s scan and sort of the events; CPU of models ÷ this: {cpu / sort_cpu:.1f}")
    print(f"{loop_wall:8.2f} {loop_cpu:8.2f} s twenty million additions; CPU of models ÷ this: {cpu / loop_cpu:.1f}")
    record(
        CASES,
        [
            ("service models", wall, peak, wall / sort_wall),
            ("scan and sort of case events", sort_wall, None, 1.0),
            ("twenty million additions", loop_wall, None, loop_wall / sort_wall),
        ],
    )


def write_sample(root: Path, env: dict[str, str], accounts: int, *options: str) -> tuple[float, float]:
    """The sample company's extracts in the landing folder; what `timed` says of it."""
    print(f"writing {accounts:,} accounts", flush=True)
    command = [
        sys.executable,
        "-m",
        "sample",
        "--out",
        str(root / "landing"),
        "--accounts",
        str(accounts),
        "--seed",
        "7",
    ]
    return timed([*command, *options], env, root / "sample.log")


def health(root: Path, env: dict[str, str], accounts: int) -> None:
    """What the health score tells of who leaves, beside what caused it in the sample and nobody exports."""
    from benchmarks.health import report

    truth = root / "truth.parquet"
    write_sample(root, env, accounts, "--truth", str(truth))
    print("the whole job", flush=True)
    timed([sys.executable, "-m", "orchestration", "run"], env, root / "job.log")
    print(report(root / "warehouse" / "marts.duckdb", truth))


def record(size: int, rows: list[tuple[str, float, float | None, float]]) -> None:
    """Append (what, seconds, peak MiB, ratio) to results.csv; `size` is accounts, or cases for the service models."""
    today = datetime.now(UTC).date().isoformat()
    is_new = not RESULTS.exists()
    with RESULTS.open("a", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        if is_new:
            writer.writerow(FIELDS)
        for what, seconds, peak, ratio in rows:
            writer.writerow(
                [today, size, what, f"{seconds:.1f}", "" if peak is None else f"{peak:.0f}", f"{ratio:.2f}"]
            )


def compiled_nodes(target: Path) -> list[dict[str, object]]:
    """Seeds, then models in dependency order, from a finished run's manifest and compiled SQL."""
    manifest = json.loads((target / "manifest.json").read_text())
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")}
    ordered: list[str] = []

    def visit(key: str) -> None:
        if key in nodes and key not in ordered:
            for parent in nodes[key]["depends_on"].get("nodes", []):
                visit(parent)
            ordered.append(key)

    for key in sorted(nodes, key=lambda each: (nodes[each]["resource_type"] != "seed", each)):
        visit(key)
    return [
        {
            "schema": nodes[key]["schema"],
            "name": nodes[key]["name"],
            "folder": str(Path(nodes[key]["original_file_path"]).parent),
            "seed": str(PROJECT / nodes[key]["original_file_path"]) if nodes[key]["resource_type"] == "seed" else "",
            "types": nodes[key]["config"].get("column_types") or {},
            "kind": "python" if nodes[key].get("language") == "python" else nodes[key]["config"]["materialized"],
            "code": (target / "compiled" / "evergreen" / nodes[key]["original_file_path"]).read_text()
            if nodes[key]["resource_type"] == "model"
            else "",
        }
        for key in ordered
    ]


def compile_models(root: Path, env: dict[str, str], as_of: date) -> Path:
    """The SQL that the job ran, compiled anew (the job's own copy goes with its build folder)."""
    from orchestration.settings import Settings
    from orchestration.transformation.dbt import dbt_executable
    from orchestration.transformation.dbt import environment as dbt_environment

    # Python models compile only with a connection: to a file of the same name, so that tables have the job's names.
    database = root / "target" / "build.duckdb"
    database.parent.mkdir()
    subprocess.run(
        [dbt_executable(), "--quiet", "compile", "--no-populate-cache", "--target-path", str(database.parent)],
        cwd=PROJECT,
        env={
            **env,
            **dbt_environment(Settings.from_environment(env), as_of),
            "EVERGREEN_BUILD_DB": str(database),
        },
        check=True,
    )
    nodes = compiled_nodes(root / "target")
    path = root / "compiled.json"
    path.write_text(json.dumps(nodes))
    return path


def job_and_floor(root: Path, env: dict[str, str], accounts: int) -> None:
    """The whole daily job on a sample company, and its floor."""
    python = sys.executable
    if not (root / "landing").exists():
        print("  {:.1f} s, {:.0f} MiB".format(*write_sample(root, env, accounts)))
    shutil.rmtree(root / "warehouse", ignore_errors=True)
    print("the whole job", flush=True)
    job = timed([python, "-m", "orchestration", "run"], env, root / "job.log")
    print("  {:.1f} s, {:.0f} MiB".format(*job))
    import duckdb

    with duckdb.connect(str(root / "warehouse" / "marts.duckdb"), read_only=True) as connection:
        row = connection.execute("select as_of_date from ops.published_versions where is_current").fetchone()
    assert row is not None
    compiled = compile_models(root, env, row[0])
    shutil.rmtree(root / "warehouse")
    print("the floor", flush=True)
    base = timed([python, "-m", "benchmarks", "--floor", str(compiled)], env, root / "floor.log")
    print("  {:.1f} s, {:.0f} MiB".format(*base))
    print(f"ratio {job[0] / base[0]:.2f}")
    record(accounts, [("job", *job, job[0] / base[0]), ("floor", *base, 1.0)])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--accounts", type=int, default=25_000)
    parser.add_argument("--folder", type=Path, help="keep everything here (default: a temporary folder)")
    parser.add_argument("--measure", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.add_argument(
        "--health", action="store_true", help="the health score beside the sample's hidden satisfaction"
    )
    parser.add_argument("--service", action="store_true", help="only the service models, on 40,000 cases")
    parser.add_argument("--floor", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--yardsticks", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        return measure(arguments.measure)
    if arguments.floor:
        return floor(arguments.floor, arguments.yardsticks)

    root = arguments.folder or Path(tempfile.mkdtemp(prefix="evergreen-bench-"))
    root.mkdir(parents=True, exist_ok=True)
    (root / "dagster").mkdir(exist_ok=True)
    env = environment(root)
    if arguments.service:
        service(root, env)
    elif arguments.health:
        health(root, env, arguments.accounts)
    else:
        job_and_floor(root, env, arguments.accounts)
    if arguments.folder is None:
        shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
