"""Health scores from published raw values under any weights, bounds and bands: what SQL computes, for weights not yet in force.

`orchestration/scoring/health_weights.py` compares and tunes with it. A model is what the seeds health_score_weights and
health_bands and the threshold health_coverage_floor say; how the raw values are measured is no part of it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import duckdb
import numpy as np
from numpy.typing import NDArray

from orchestration.publication.history import kept_histories
from orchestration.settings import Settings

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

DEFAULT = "default"
UNKNOWN = "unknown"
SEEDS = "seeds"  # the name of the model that stands in seeds/ and may not be published yet
SAME = 1e-9
# The order of macro health_components; the rows of a model come in any order, and two models are compared by position.
ORDER = ("adoption", "service", "sentiment", "relationship", "commercial")


class HealthUnavailable(RuntimeError):
    """What is asked for cannot be computed; the message says why and what to do."""


@dataclass(frozen=True)
class Scored:
    """One entry per row: the score (NaN below the coverage floor) and its band."""

    score: Array
    band: Texts


def seed_key(segment: str) -> str:
    """A segment as seeds spell it, whatever case, blanks and hyphens a system writes: the models' macro of that name."""
    return segment.strip(" ").replace(" ", "_").replace("-", "_").lower()


@dataclass(frozen=True)
class HealthModel:
    """Weights (segment → one per component, the default filled in), bounds, bands and the coverage floor."""

    name: str
    components: tuple[str, ...]
    weights: Mapping[str, Array]
    low: Mapping[str, Array]
    high: Mapping[str, Array]
    low_is_good: Mapping[str, Flags]
    bands: Mapping[str, Sequence[tuple[str, float, float]]]
    coverage_floor: float

    @classmethod
    def from_rows(
        cls,
        name: str,
        weights: Sequence[Mapping[str, object]],
        bands: Sequence[Mapping[str, object]],
        coverage_floor: float,
    ) -> HealthModel:
        """Rows are those of the two seeds. Raises HealthUnavailable when a component has no default."""
        given = {(seed_key(str(row["segment"])), str(row["component"])): row for row in weights}
        names = {str(row["component"]) for row in weights}
        components = tuple(sorted(names, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))
        missing = [component for component in components if (DEFAULT, component) not in given]
        if missing or not components:
            raise HealthUnavailable(
                f"health_score_weights of {name} has no row for segment default of {', '.join(missing) or 'anything'}: add it"
            )
        parts: dict[str, dict[str, list[float]]] = {key: {} for key in ("weight", "low", "high", "direction")}
        for segment in dict.fromkeys([DEFAULT, *(segment for segment, _ in given)]):
            rows = [given.get((segment, component), given[DEFAULT, component]) for component in components]
            for key in ("weight", "low", "high"):
                parts[key][segment] = [float(str(row[key])) for row in rows]
            parts["direction"][segment] = [float(row["direction"] == "low_is_good") for row in rows]
        edges: dict[str, list[tuple[str, float, float]]] = {}
        for row in bands:
            until = str(row["to_score"] if row["to_score"] is not None else "").strip()
            edges.setdefault(seed_key(str(row["segment"])), []).append(
                (str(row["risk_band"]), float(str(row["from_score"])), float(until) if until else np.inf)
            )
        return cls(
            name=name,
            components=components,
            weights={segment: np.array(numbers) for segment, numbers in parts["weight"].items()},
            low={segment: np.array(numbers) for segment, numbers in parts["low"].items()},
            high={segment: np.array(numbers) for segment, numbers in parts["high"].items()},
            low_is_good={segment: np.array(numbers) > 0 for segment, numbers in parts["direction"].items()},
            bands=edges,
            coverage_floor=coverage_floor,
        )

    def with_weights(self, name: str, weights: Mapping[str, Array]) -> HealthModel:
        return replace(self, name=name, weights={**self.weights, **weights})

    def scores_like(self, other: HealthModel) -> bool:
        """Whether both give every account the same score and band."""

        def same(mine: Mapping[str, NDArray[np.generic]], theirs: Mapping[str, NDArray[np.generic]]) -> bool:
            return mine.keys() == theirs.keys() and all(np.array_equal(mine[key], theirs[key]) for key in mine)

        return (
            self.components == other.components
            and same(self.weights, other.weights)
            and same(self.low, other.low)
            and same(self.high, other.high)
            and same(self.low_is_good, other.low_is_good)
            and {key: sorted(rows) for key, rows in self.bands.items()}
            == {key: sorted(rows) for key, rows in other.bands.items()}
            and self.coverage_floor == other.coverage_floor
        )

    def own_segments(self, segments: Texts) -> Texts:
        """For each row the segment whose weights hold: its own, or the default."""
        return np.array([segment if segment in self.weights else DEFAULT for segment in segments], dtype=object)

    def component_scores(self, values: Array, segments: Texts) -> Array:
        """0 to 100 between the bounds, NaN without a value; rows × components."""
        scores = np.full(values.shape, np.nan)
        own = self.own_segments(segments)
        for segment in set(own):
            rows = own == segment
            share = (values[rows] - self.low[segment]) / (self.high[segment] - self.low[segment])
            share = np.where(self.low_is_good[segment], 1 - share, share)
            scores[rows] = 100 * np.clip(share, 0, 1)
        return scores

    def score(self, values: Array, segments: Texts) -> Scored:
        """`values`: rows × components, NaN where nothing is known; `segments`: as seeds spell them, as known at the date."""
        parts = self.component_scores(values, segments)
        own = self.own_segments(segments)
        score = np.full(len(values), np.nan)
        for segment in set(own):
            rows = own == segment
            known = np.where(np.isnan(values[rows]), 0.0, self.weights[segment])
            coverage = known.sum(axis=1)
            enough = (coverage > 0) & (coverage >= self.coverage_floor - SAME)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = (known * np.nan_to_num(parts[rows])).sum(axis=1) / coverage
            score[rows] = np.where(enough, np.round(mean, 9), np.nan)
        band = np.full(len(values), UNKNOWN, dtype=object)
        of_bands = np.array([segment if segment in self.bands else DEFAULT for segment in segments], dtype=object)
        for segment in set(of_bands):
            for name, start, end in self.bands.get(segment, ()):
                band[(of_bands == segment) & (score >= start) & (score < end)] = name
        return Scored(score, band)


@dataclass(frozen=True)
class Day:
    """The accounts of one published date: raw values (rows × components), and who churned within the horizon."""

    as_of: date
    accounts: Texts
    values: Array
    segments: Texts
    churned: Flags
    published_score: Array


def read_seed(settings: Settings, name: str) -> list[dict[str, str]]:
    with (settings.project_dir / "seeds" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_thresholds(settings: Settings) -> dict[str, float]:
    return {row["name"]: float(row["value"]) for row in read_seed(settings, "metric_thresholds")}


def threshold(thresholds: Mapping[str, float], name: str) -> float:
    if name not in thresholds:
        raise HealthUnavailable(
            f"seed metric_thresholds has no row {name}: add it, or restore it from the project's history"
        )
    return thresholds[name]


def seeded_model(settings: Settings) -> HealthModel:
    """The model of the seed files as they are now, which the next run publishes."""
    return HealthModel.from_rows(
        SEEDS,
        read_seed(settings, "health_score_weights"),
        read_seed(settings, "health_bands"),
        threshold(read_thresholds(settings), "health_coverage_floor"),
    )


def open_published(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Under the name of the alias: see Settings.published_alias. Raises HealthUnavailable when nothing is published."""
    if not settings.published_database.exists():
        raise HealthUnavailable(
            f"nothing is published in {settings.warehouse_dir} yet: run `make run` first, or set EVERGREEN_WAREHOUSE_DIR"
        )
    connection = duckdb.connect()
    path = str(settings.published_database).replace("'", "''")
    connection.execute(f"attach '{path}' as evergreen (read_only)")
    connection.execute("use evergreen")
    return connection


def published_version(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("select max(model_version) from marts.fct_account_health").fetchone()
    if row is None or row[0] is None:
        raise HealthUnavailable(
            "the published version has no health scores: no account has recurring revenue in service"
        )
    return str(row[0])


def published_models(settings: Settings) -> dict[str, HealthModel]:
    """Every version of the health model that was ever published, oldest first."""
    models: dict[str, HealthModel] = {}
    for path, schema in kept_histories(settings):
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = {
                row[0]
                for row in connection.execute(
                    "select table_name from duckdb_tables() where schema_name = ?", [schema]
                ).fetchall()
            }
            if not {"health_models", "health_model_bands"} <= tables:
                continue
            weights = connection.execute(f"select * from {schema}.health_models order by all").fetch_df()
            bands = connection.execute(f"select * from {schema}.health_model_bands order by all").fetch_df()
            order = connection.execute(
                f"""select models.model_version
                from {schema}.health_models as models
                left join {schema}.published_versions as versions using (run_id)
                group by models.model_version
                order by min(versions.version) nulls first, min(models.as_of_date), models.model_version"""
            ).fetchall()
        for (version,) in order:
            if version not in models:
                rows = weights[weights["model_version"] == version]
                edges = bands[bands["model_version"] == version].astype(object)
                models[version] = HealthModel.from_rows(
                    version,
                    rows.to_dict("records"),
                    edges.where(edges.notna(), None).to_dict("records"),
                    float(rows["coverage_floor"].iloc[0]),
                )
    return models


def judged_dates(connection: duckdb.DuckDBPyConnection, horizon: int) -> list[date]:
    """Published dates whose horizon is over, newest first chosen, a horizon or more apart: no loss lies in two of them.

    Returned oldest first; only dates with scores.
    """
    newest = connection.execute("select max(as_of_date) from marts.fct_account_health").fetchone()
    assert newest is not None
    rows = connection.execute(
        "select distinct as_of_date from marts.fct_account_health where health_score is not null order by 1 desc"
    ).fetchall()
    chosen: list[date] = []
    until = newest[0]
    for (day,) in rows:
        if day + timedelta(days=horizon) <= until:
            chosen.append(day)
            until = day
    return chosen[::-1]


def read_day(
    connection: duckdb.DuckDBPyConnection, model: HealthModel, published: HealthModel, on: date, horizon: int
) -> Day:
    """The accounts of a published date. `published`: the model of the published scores."""
    columns = ", ".join(
        f"max(raw_value) filter (component = '{component}'), max(weight) filter (component = '{component}')"
        for component in model.components
    )
    frame = connection.execute(
        f"""
        with measured as (
            select account_id, {columns}
            from marts.fct_account_health_components
            where as_of_date = $day
            group by account_id
        )
        select
            measured.*,
            health.health_score,
            accounts.segment,
            exists (
                select 1 from marts.fct_churn as churn
                where churn.account_id = measured.account_id
                    and churn.churned_on > $day and churn.churned_on <= $day + $horizon::integer
            )
        from measured
        inner join marts.fct_account_health as health on health.account_id = measured.account_id and health.as_of_date = $day
        left join marts.dim_accounts as accounts on accounts.account_id = measured.account_id
        order by measured.account_id
        """,
        {"day": on, "horizon": horizon},
    ).fetch_df()
    count = len(model.components)
    weights = frame.iloc[:, 2 : 2 + 2 * count : 2].to_numpy(dtype=float)
    today = frame.iloc[:, -2].astype(object).fillna(DEFAULT).map(seed_key).to_numpy(dtype=object)
    return Day(
        as_of=on,
        accounts=frame.iloc[:, 0].to_numpy(dtype=object),
        values=frame.iloc[:, 1 : 1 + 2 * count : 2].to_numpy(dtype=float),
        segments=segments_then(published, weights, today),
        churned=frame.iloc[:, -1].to_numpy(dtype=bool),
        published_score=frame.iloc[:, -3].to_numpy(dtype=float),
    )


def segments_then(published: HealthModel, weights: Array, today: Texts) -> Texts:
    """The segment of each row as health knew it. It is not published, but its weights are: it is the account's segment of
    today unless those weights belong to another one."""
    segments = today.copy()
    own = published.own_segments(today)
    wrong = np.array(
        [np.abs(row - published.weights[name]).max() > SAME for row, name in zip(weights, own, strict=True)]
    )
    for segment, expected in published.weights.items():
        fits = wrong & (np.abs(weights - expected).max(axis=1) <= SAME)
        segments[fits] = segment
        wrong &= ~fits
    return segments
