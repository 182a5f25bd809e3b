"""Vectors of assets, made when they are first asked for and kept up from then on; and what they answer.

Called by the doors. Each batch is committed by itself, so a kill loses one batch at most and the next call goes on;
vectors of a new model are made beside the old ones, which go when all are there. It never writes to the register.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from muniment import graph, memory, register
from muniment.base import embeddings, jobs
from muniment.base.embeddings import Embedder, Model, Vectors
from muniment.base.errors import NotFound, Permanent, Retryable
from muniment.base.home import Home
from muniment.base.tenancy import Scope
from muniment.flows.progress import Progress, quiet

PHASE = "embed"
_BATCH = 256
_BATCH_BUILT_IN = 2_000
_WORK = "embeddings"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What is like something: by which model, and why not by the one in the settings, if it was not."""

    found: tuple[graph.Alike, ...]
    model: Model
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What making vectors did: by which model, how many were made, taken out, and are there now."""

    model: Model
    made: int
    removed: int
    held: int


@dataclass(frozen=True, slots=True)
class SpaceState:
    """A space with how many vectors it holds and how many assets wait to be embedded in it."""

    space: memory.Space
    held: int
    waiting: int


def similar_assets(
    home: Home, asset: register.Asset, limit: int = 10, asset_type: str | None = None, progress: Progress = quiet
) -> Likeness:
    """The assets most like one, the most alike first. Makes what vectors are missing.

    Raises:
        Rejected: the settings of embeddings do not go together.
    """
    with jobs.alone(home.scope, _WORK, lambda who: progress("waiting", 0, None, who)):
        space, fallback, _ = _brought_up(home, progress)
    with home.scope.transaction() as connection:
        found = graph.alike(connection, home.scope, space, asset, limit, asset_type)
    return Likeness(tuple(found), space.model, fallback)


def assets_like(
    home: Home, text: str, limit: int = 10, asset_type: str | None = None, progress: Progress = quiet
) -> Likeness:
    """The assets most like a text, the most alike first. Makes what vectors are missing.

    Raises:
        Rejected: the settings of embeddings do not go together.
        NotFound: there is no asset yet.
    """
    with jobs.alone(home.scope, _WORK, lambda who: progress("waiting", 0, None, who)):
        space, fallback, _ = _brought_up(home, progress)
        asked = embeddings.with_fallback(_embedder(home)).embed([text])
        if asked.model != space.model:  # it went away in between, or was away before and is back
            space, _, _ = _brought_up(home, progress, embeddings.built_in())
            asked, fallback = embeddings.built_in().embed([text]), fallback or asked.fallback
    with home.scope.transaction() as connection:
        found = graph.alike(connection, home.scope, space, (text, asked), limit, asset_type)
    return Likeness(tuple(found), space.model, fallback)


def rebuild_embeddings(home: Home, progress: Progress = quiet, *, everything: bool = False) -> Embedded:
    """Make the vectors of all assets by the model in the settings; then those of other models go.

    What is there and still right stays, so a rebuild that was interrupted goes on where it was.

    Args:
        home: whose assets.
        progress: called after each batch.
        everything: forget what was made by this model, also for texts that did not change.

    Raises:
        NotFound: there is no asset.
        Retryable: the model cannot be reached; what was made so far stays.
        Permanent: the model refuses, or its answers cannot be used.
    """
    embedder = _embedder(home)
    with jobs.alone(home.scope, _WORK, lambda who: progress("waiting", 0, None, who)):
        if everything:
            with home.scope.transaction() as connection:
                embeddings.prune(connection, home.scope, 0)
                old = memory.find_space(connection, graph.ASSET_SPACE, home.scope.engagement_id, embedder.name)
                if old is not None:
                    memory.drop_space(connection, old)
        return _build(home, embedder, progress)[1]


def embedding_states(home: Home) -> tuple[str, list[SpaceState]]:
    """The name of the model in the settings, and the spaces that there are.

    Raises:
        Rejected: the settings of embeddings do not go together.
    """
    with home.scope.transaction() as connection:
        states = [
            SpaceState(
                space,
                held,
                graph.count_waiting(connection, home.scope, space.id) if space.kind == graph.ASSET_SPACE else 0,
            )
            for space, held in memory.list_spaces(connection, home.scope)
        ]
    return embeddings.open_embedder(home.settings).name, states


def _embedder(home: Home) -> Embedder:
    return embeddings.cached(embeddings.open_embedder(home.settings), home.scope)


def _brought_up(home: Home, progress: Progress, embedder: Embedder | None = None) -> tuple[memory.Space, str, Embedded]:
    """The space of the wanted model with every asset in it; that of the built-in one where it cannot be reached."""
    try:
        space, done = _build(home, embedder or _embedder(home), progress, standby=embedder is not None)
    except (Retryable, Permanent) as error:
        space, done = _build(home, embeddings.built_in(), progress, standby=True)
        return space, str(error), done
    return space, "", done


def _build(
    home: Home, embedder: Embedder, progress: Progress, *, standby: bool = False
) -> tuple[memory.Space, Embedded]:
    """Embed what waits, batch by batch; then make the space the one to ask, unless it only stands by."""
    scope = home.scope
    with scope.transaction() as connection:
        space = memory.find_space(connection, graph.ASSET_SPACE, scope.engagement_id, embedder.name)
        waiting = graph.count_waiting(connection, scope, space.id if space else None)
    made, after = 0, None
    batch = _BATCH_BUILT_IN if embedder.name == embeddings.built_in().name else _BATCH
    while waiting:
        with scope.transaction() as connection:
            rows = graph.waiting_assets(connection, scope, space.id if space else None, after, batch)
        if not rows:
            break
        vectors = embedder.embed([graph.describe(row.name, row.type, row.values) for row in rows])
        digests = {str(row.id): row.digest for row in rows}
        with scope.transaction() as connection:
            space = _stored(connection, scope, vectors, digests, standby=standby)
        made, after = made + len(rows), rows[-1].id
        progress(PHASE, made, waiting, vectors.model.name)
    if space is None:
        raise NotFound("there is no asset yet: `muniment import FILE...` brings some")
    with scope.transaction() as connection:
        gone = graph.gone_assets(connection, scope, space.id)
        if gone:
            memory.remove_vectors(connection, space, gone)
        if space.state != "active" and not standby:
            memory.activate(connection, space)
        if made:
            memory.index_space(connection, space)
            embeddings.prune(connection, scope)
        held = next(held for known, held in memory.list_spaces(connection, scope) if known.id == space.id)
    return space, Embedded(space.model, made, len(gone), held)


def _stored(
    connection: sa.Connection, scope: Scope, vectors: Vectors, digests: dict[str, str], *, standby: bool
) -> memory.Space:
    state = "standby" if standby else "building"
    space = memory.open_space(connection, scope, graph.ASSET_SPACE, scope.engagement_id, vectors.model, state)
    memory.add_vectors(connection, scope, space, digests, vectors)
    return space
