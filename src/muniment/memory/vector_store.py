"""The only queries on vectors: spaces of one model each, what is in them, and what is nearest in one.

Each takes a connection of a tenant's transaction. Vectors of one model are never put into, nor compared in, a space
of another: that is refused here, and a wrong dimension by the database as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from muniment.base import clock, ids
from muniment.base.embeddings import Model, Vectors
from muniment.base.errors import Rejected
from muniment.base.tenancy import Scope
from muniment.memory.tables import INDEXED, vector_spaces, vectors

if TYPE_CHECKING:
    from muniment.base.embeddings.types import Array

EXACT_BELOW = 20_000
"""Spaces with fewer vectors are searched in full and are in no index, which would cost most of the time that it takes
to store them: see bench/results/vectors.md."""

_CANDIDATES = 200
_MOST_SCANNED = 200_000


@dataclass(frozen=True, slots=True)
class Space:
    """The vectors of one kind of thing, of one engagement (or of the tenant), by one model.

    `state` is building (not all there yet), active (the one to ask), or standby (asked where the other cannot be);
    `indexed` whether its vectors are in the index.
    """

    id: UUID
    engagement_id: UUID | None
    kind: str
    model: Model
    state: str
    made_at: datetime
    indexed: bool


@dataclass(frozen=True, slots=True)
class Near:
    """Something near to what was asked: its key, and the cosine of the angle between the two."""

    subject: str
    similarity: float


def list_spaces(connection: sa.Connection, scope: Scope) -> list[tuple[Space, int]]:
    """The spaces of the engagement and of its tenant, each with how many vectors are in it."""
    held = sa.select(sa.func.count()).where(vectors.c.space_id == vector_spaces.c.id).scalar_subquery()
    mine = vector_spaces.c.engagement_id.is_(None) | (vector_spaces.c.engagement_id == scope.engagement_id)
    query = sa.select(vector_spaces, held.label("held")).where(mine)
    found = connection.execute(query.order_by(vector_spaces.c.kind, vector_spaces.c.made_at))
    return [(_space(row), row.held) for row in found]


def find_space(connection: sa.Connection, kind: str, engagement_id: UUID | None, model: str) -> Space | None:
    """The space of a kind by the name of a model, if there is one."""
    query = sa.select(vector_spaces).where(
        vector_spaces.c.kind == kind,
        vector_spaces.c.engagement_id.is_not_distinct_from(engagement_id),
        vector_spaces.c.model == model,
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _space(row)


def open_space(
    connection: sa.Connection,
    scope: Scope,
    kind: str,
    engagement_id: UUID | None,
    model: Model,
    state: str = "building",
) -> Space:
    """The space of a kind for a model, made if there is none.

    Args:
        connection: of a tenant's transaction.
        scope: of that tenant.
        kind: what its vectors are of, such as `asset`.
        engagement_id: of which engagement; None for the tenant.
        model: the one model.
        state: of a space that is made.

    Raises:
        Rejected: the model of that name had another dimension before.
    """
    connection.execute(
        insert(vector_spaces)
        .values(
            tenant_id=scope.tenant_id,
            id=ids.new(),
            engagement_id=engagement_id,
            kind=kind,
            model=model.name,
            dimension=model.dimension,
            state=state,
            made_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )
    space = find_space(connection, kind, engagement_id, model.name)
    if space is None or space.model != model:
        raise Rejected(
            f"{model.name} gives {model.dimension} dimensions and gave {space.model.dimension if space else 'others'} "
            "before, so it is another model: `muniment embeddings rebuild --all` begins anew"
        )
    return space


def activate(connection: sa.Connection, space: Space) -> None:
    """Make a space the one to ask; those of other models for the same things go, with their vectors."""
    same = (
        vector_spaces.c.kind == space.kind,
        vector_spaces.c.engagement_id.is_not_distinct_from(space.engagement_id),
    )
    connection.execute(sa.delete(vector_spaces).where(*same, vector_spaces.c.id != space.id))
    connection.execute(sa.update(vector_spaces).where(vector_spaces.c.id == space.id).values(state="active"))


def index_space(connection: sa.Connection, space: Space, above: int = EXACT_BELOW) -> None:
    """Put the vectors of a space into the index if it has grown so large, and an index knows its dimension."""
    if space.indexed or space.model.dimension not in INDEXED:
        return
    some = sa.select(vectors.c.subject).where(vectors.c.space_id == space.id).limit(above).subquery()
    if connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one() < above:
        return
    connection.execute(sa.update(vectors).where(vectors.c.space_id == space.id).values(indexed=True))
    connection.execute(sa.update(vector_spaces).where(vector_spaces.c.id == space.id).values(indexed=True))


def drop_space(connection: sa.Connection, space: Space) -> None:
    """Remove a space with its vectors."""
    connection.execute(sa.delete(vector_spaces).where(vector_spaces.c.id == space.id))


def add_vectors(
    connection: sa.Connection, scope: Scope, space: Space, digests: Mapping[str, str], made: Vectors
) -> None:
    """Put vectors into a space, in the place of earlier ones of the same subjects.

    Args:
        connection: of a tenant's transaction.
        scope: of that tenant.
        space: where to.
        digests: subject -> what tells whether it must be embedded anew, in the order of the vectors.
        made: the vectors.

    Raises:
        Rejected: they are of another model than the space.
    """
    _same_model(space, made.model)
    mine: dict[str, object] = {
        "tenant_id": scope.tenant_id,
        "space_id": space.id,
        "engagement_id": space.engagement_id,
    }
    mine |= {"dimension": space.model.dimension, "indexed": space.indexed}
    rows = [
        {**mine, "subject": subject, "digest": digest, "embedding": _text(vector)}
        for (subject, digest), vector in zip(digests.items(), made.values, strict=True)
    ]
    if rows:
        statement = insert(vectors)
        renewed = {name: statement.excluded[name] for name in ("digest", "embedding")}
        connection.execute(
            statement.on_conflict_do_update(index_elements=list(vectors.primary_key.columns), set_=renewed), rows
        )


def known_digests(connection: sa.Connection, space: Space) -> dict[str, str]:
    """What is in a space: subject -> digest. For small spaces."""
    query = sa.select(vectors.c.subject, vectors.c.digest).where(vectors.c.space_id == space.id)
    return {row.subject: row.digest for row in connection.execute(query)}


def remove_vectors(connection: sa.Connection, space: Space, subjects: Sequence[str]) -> None:
    """Take subjects out of a space."""
    connection.execute(
        sa.delete(vectors).where(
            vectors.c.space_id == space.id,
            vectors.c.subject == sa.any_(sa.cast(list(subjects), sa.ARRAY(sa.Text))),
        )
    )


def vector_of(connection: sa.Connection, space: Space, subject: str) -> str | None:
    """The vector of a subject as text for `nearest`, if it is there."""
    query = sa.select(sa.cast(vectors.c.embedding, sa.Text))
    found: str | None = connection.scalar(query.where(vectors.c.space_id == space.id, vectors.c.subject == subject))
    return found


def nearest(
    connection: sa.Connection,
    space: Space,
    wanted: Vectors | str,
    limit: int,
    *,
    among: str = "",
    parameters: Mapping[str, object] | None = None,
    exact: bool = False,
) -> list[Near]:
    """What in a space is nearest, the nearest first.

    Args:
        connection: of a tenant's transaction.
        space: where to look.
        wanted: one vector of the space's model, or a stored one of it as `vector_of` gives it.
        limit: how many.
        among: SQL text of our own that gives the subjects to choose from; all without.
        parameters: its values.
        exact: look at every vector, also where there is an index.

    Raises:
        Rejected: the vector is of another model than the space.
    """
    if isinstance(wanted, Vectors):
        _same_model(space, wanted.model)
        wanted = _text(wanted.values[0])
    given = {**(parameters or {}), "space": space.id, "wanted": wanted, "limit": limit}
    chosen = f" AND v.subject IN ({among})" if among else ""
    if exact or not space.indexed:
        query = _EXACT.format(chosen=chosen)
    else:
        _walk_far(connection, limit)
        query = _BY_INDEX.format(chosen=chosen, dimension=space.model.dimension)
    return [Near(row.subject, float(row.similarity)) for row in connection.execute(sa.text(query), given)]


_EXACT = (
    "SELECT v.subject, 1 - (v.embedding <=> cast(:wanted AS halfvec)) AS similarity FROM vectors v"
    " WHERE v.space_id = :space{chosen} ORDER BY v.embedding <=> cast(:wanted AS halfvec), v.subject LIMIT :limit"
)
_BY_INDEX = (
    "SELECT subject, 1 - distance AS similarity FROM (SELECT v.subject,"
    " v.embedding::halfvec({dimension}) <=> cast(:wanted AS halfvec({dimension})) AS distance FROM vectors v"
    " WHERE v.space_id = :space AND v.indexed AND v.dimension = {dimension}{chosen}"
    " ORDER BY v.embedding::halfvec({dimension}) <=> cast(:wanted AS halfvec({dimension})) LIMIT :limit) found"
    " ORDER BY distance, subject"
)


def _walk_far(connection: sa.Connection, limit: int) -> None:
    """Let the index be walked on until enough vectors of this space are found: it holds those of all tenants."""
    settings = {
        "hnsw.ef_search": str(min(max(_CANDIDATES, 2 * limit), 1_000)),
        "hnsw.iterative_scan": "relaxed_order",
        "hnsw.max_scan_tuples": str(_MOST_SCANNED),
    }
    for name, value in settings.items():
        connection.execute(sa.select(sa.func.set_config(name, value, True)))  # noqa: FBT003 - for this transaction


def _same_model(space: Space, model: Model) -> None:
    if space.model != model:
        raise Rejected(
            f"vectors of {model.name} ({model.dimension}) cannot be compared with those of {space.model.name} "
            f"({space.model.dimension}): `muniment embeddings rebuild` makes those of the model in the settings"
        )


def _text(vector: Array) -> str:
    return "[" + ",".join([f"{number:.4g}" for number in vector.tolist()]) + "]"


def _space(row: sa.Row[tuple[object, ...]]) -> Space:
    model = Model(row.model, row.dimension)
    return Space(row.id, row.engagement_id, row.kind, model, row.state, row.made_at, row.indexed)
