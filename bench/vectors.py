"""Measures similarity search: recall and time for a small tenant in a large table, by index and in full.

Run by a developer: `python bench/vectors.py`; writes `results/vectors.md`. Vectors are of descriptions of generated
assets by the built-in model; searches are made as the application role. It must never look inside.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from muniment import memory
from muniment.base import embedded, home, settings, tenancy
from muniment.base.embeddings import Vectors, built_in
from muniment.base.home import Home
from muniment.memory import vector_store

RESULT = Path(__file__).parent / "results" / "vectors.md"
KIND = "asset"
NEIGHBOURS = 10
SYSTEMS = ("Red Hat Enterprise Linux 8", "Windows Server 2019", "Ubuntu 22.04", "VMware ESXi 7", "Oracle Linux 9")
ROLES = ("web", "database", "queue", "cache", "build", "mail", "file", "print", "proxy", "monitoring")
PLACES = ("Berlin", "Dublin", "Austin", "Osaka", "Zurich", "Lyon", "Leeds")


def main() -> None:
    """Fill a home with tenants of different sizes, ask each, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100,1000,5000,20000,60000", help="vectors of each tenant that is asked")
    parser.add_argument("--others", type=int, default=20, help="how many other tenants of 2,000 vectors")
    parser.add_argument("--questions", type=int, default=50)
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    folder = Path(tempfile.mkdtemp(prefix="muniment-bench-"))
    try:
        opened = home.open_home(settings.load({"home": folder, "actor": "bench"}))
        spent: dict[str, float] = defaultdict(float)
        filled = {size: _filled(opened, f"tenant of {size}", size, spent) for size in sizes}
        for number in range(given.others):
            _filled(opened, f"other {number}", 2_000, spent)
        _analyse(opened)
        rows = [_measured(*filled[size], size, given.questions) for size in sizes]
        _write(rows, sum(sizes) + given.others * 2_000, given.questions, spent)
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)


def _texts(size: int, seed: int) -> list[str]:
    """Descriptions as assets have them: all tenants run the same few hundred kinds of things."""
    chosen = np.random.default_rng(seed)
    found = []
    for number in range(size):
        kind, unit, application = (int(one) for one in chosen.integers(0, (350, 30, 400)))
        role, system, place = ROLES[kind % 10], SYSTEMS[kind // 10 % 5], PLACES[kind // 50]
        found.append(f"server; {role}{number:05d}; {system}; {place}; application {application}; unit {unit}")
    return found


def _filled(opened: Home, tenant: str, size: int, spent: dict[str, float]) -> tuple[Home, memory.Space, Vectors]:
    """A tenant with vectors; adds to `spent` what each part of making them took, in seconds."""
    scope = tenancy.open_scope(opened.scope.engine, tenant, "default", "bench")
    texts = _texts(size, size + sum(tenant.encode()))
    began = time.perf_counter()
    made = built_in().embed(texts)
    spent["made"] += time.perf_counter() - began
    for start in range(0, size, 2_000):
        part = Vectors(made.model, made.values[start : start + 2_000])
        subjects = {f"{number:06d}": "" for number in range(start, start + len(part.values))}
        began = time.perf_counter()
        with scope.transaction() as connection:
            space = memory.open_space(connection, scope, KIND, scope.engagement_id, made.model, "active")
            memory.add_vectors(connection, scope, space, subjects, part)
        spent["stored in the index" if start else "stored"] += time.perf_counter() - began
        spent["rows in the index" if start else "rows"] += len(part.values)
        with scope.transaction() as connection:  # small ones too, to see what that would be like
            memory.index_space(connection, space, above=1)
    with scope.transaction() as connection:
        space = memory.open_space(connection, scope, KIND, scope.engagement_id, made.model)
    print(f"{tenant}: {size:,} vectors", flush=True)
    return Home(opened.settings, scope), space, made


def _analyse(opened: Home) -> None:
    engine = home.owner_engine(opened.settings)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE muniment.vectors"))
    engine.dispose()


def _measured(place: Home, space: memory.Space, made: Vectors, size: int, questions: int) -> list[str]:
    """Recall of the ten nearest against a full search in single precision, and milliseconds, three ways."""
    chosen = np.random.default_rng(size).choice(size, size=min(questions, size), replace=False)
    wanted = [Vectors(made.model, made.values[one : one + 1]) for one in chosen]
    similar = np.concatenate([one.values for one in wanted]) @ made.values.T
    tenth = np.sort(similar, axis=1)[:, -NEIGHBOURS]
    row = [f"{size:,}"]
    for way in (_plain, _by_index, _in_full):
        found, seconds = [], []
        for number, one in enumerate(wanted):
            began = time.perf_counter()
            answer = way(place, space, one)
            seconds.append(time.perf_counter() - began)
            near = sum(similar[number, int(item.subject)] >= tenth[number] - 1e-3 for item in answer)
            found.append(near / NEIGHBOURS)
        row += [f"{statistics.mean(found):.3f}", f"{statistics.median(seconds) * 1_000:.0f}"]
    print(row, flush=True)
    return row


def _plain(place: Home, space: memory.Space, wanted: Vectors) -> list[memory.Near]:
    """The index as it comes: 40 candidates, no iterative scan."""
    text = "[" + ",".join(f"{number:.4g}" for number in wanted.values[0].tolist()) + "]"
    dimension = space.model.dimension
    query = sa.text(
        f"SELECT subject, 1 - (embedding::halfvec({dimension}) <=> cast(:wanted AS halfvec({dimension}))) FROM vectors"
        f" WHERE space_id = :space AND indexed AND dimension = {dimension}"
        f" ORDER BY embedding::halfvec({dimension}) <=> cast(:wanted AS halfvec({dimension})) LIMIT :limit"
    )
    with place.scope.transaction() as connection:
        connection.execute(sa.text("SET LOCAL enable_sort = off"))
        given = {"wanted": text, "space": space.id, "limit": NEIGHBOURS}
        return [memory.Near(row[0], float(row[1])) for row in connection.execute(query, given)]


def _by_index(place: Home, space: memory.Space, wanted: Vectors) -> list[memory.Near]:
    with place.scope.transaction() as connection:
        connection.execute(sa.text("SET LOCAL enable_sort = off"))
        return memory.nearest(connection, space, wanted, NEIGHBOURS)


def _in_full(place: Home, space: memory.Space, wanted: Vectors) -> list[memory.Near]:
    with place.scope.transaction() as connection:
        return memory.nearest(connection, space, wanted, NEIGHBOURS, exact=True)


def _write(rows: list[list[str]], total: int, questions: int, spent: dict[str, float]) -> None:
    dimension = built_in().embed([""]).model.dimension
    made = spent["made"] / total * 1_000
    stored = spent["stored"] / spent["rows"] * 1_000
    indexed = spent["stored in the index"] / max(spent["rows in the index"], 1) * 1_000
    ways = ("plain index", "iterative", "in full")
    header = ["tenant's vectors", *(name for way in ways for name in (f"{way}: recall", "ms"))]
    lines = [
        "# Similarity search under a tenant filter",
        "",
        f"{total:,} vectors of {dimension} dimensions in one table, of many tenants; {questions} questions each,",
        f"which are vectors of theirs; recall of the {NEIGHBOURS} nearest against a full search in single precision.",
        "Milliseconds are medians, as the application role under row-level security. Descriptions within a tenant are",
        "much alike: neighbours that tie within half precision (0.001) count alike.",
        "",
        "*Plain index*: HNSW as it comes (40 candidates). *Iterative*: walked on until enough of the tenant are found.",
        f"All are in the index here; the program indexes spaces from {vector_store.EXACT_BELOW:,} vectors and searches",
        "smaller ones in full.",
        "",
        f"| {' | '.join(header)} |",
        "|" + "---:|" * len(header),
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        f"Seconds for 1,000 vectors: {made:.2f} to make (built-in model), {stored:.2f} to store,",
        f"{indexed:.2f} to store in the index too.",
        "",
    ]
    RESULT.write_text("\n".join(lines), encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
