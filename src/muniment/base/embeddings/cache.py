"""What an embedder computed before, kept in the database by model and digest of the text.

Wraps any embedder whose vectors cost time or money. Rows belong to the engagement whose texts they are, under its
tenant's policy, and go with it; texts themselves are not kept here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from muniment.base import clock
from muniment.base.db import moment, refers, tenant_table, text, uid
from muniment.base.embeddings.lexical import Lexical
from muniment.base.embeddings.types import Embedder, Model, Vectors, prepared
from muniment.base.tenancy import Scope

if TYPE_CHECKING:
    from muniment.base.embeddings.types import Array

cache = tenant_table(
    "embedding_cache",
    uid("engagement_id"),
    text("model"),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),
    moment("made_at"),
    refers(["engagement_id"], "engagements"),
    sa.Index("ix_embedding_cache_age", "tenant_id", "engagement_id", "made_at"),
    key=("engagement_id", "model", "digest"),
)

MOST = 200_000
"""Rows kept per engagement; the oldest go first."""

_FLOAT = "<f4"


def cached(embedder: Embedder, scope: Scope) -> Embedder:
    """The same embedder, which computes each text once per engagement; the built-in one is as fast without."""
    return embedder if isinstance(embedder, Lexical) else _Cached(embedder, scope)


@dataclass(frozen=True, slots=True)
class _Cached:
    wanted: Embedder
    scope: Scope

    @property
    def name(self) -> str:
        return self.wanted.name

    def embed(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        digests = [hashlib.sha256(line.encode()).digest() for line in prepared(texts)]
        known = self._known(digests)
        missing = {digest: line for digest, line in zip(digests, texts, strict=True) if digest not in known}
        if missing or not texts:
            made = self.wanted.embed(list(missing.values()))
            if any(len(vector) != made.model.dimension for vector in known.values()):  # another model of that name
                made = self.wanted.embed(list(texts))
                self._keep(dict(zip(digests, made.values, strict=True)))
                return made
            self._keep(dict(zip(missing, made.values, strict=True)))
            if len(missing) == len(texts):
                return made
            known |= dict(zip(missing, made.values, strict=True))
        values = np.stack([known[digest] for digest in digests])
        return Vectors(Model(self.name, values.shape[1]), values)

    def _known(self, digests: Sequence[bytes]) -> dict[bytes, Array]:
        import numpy as np

        query = sa.select(cache.c.digest, cache.c.vector).where(
            cache.c.engagement_id == self.scope.engagement_id,
            cache.c.model == self.name,
            cache.c.digest == sa.any_(sa.cast(sorted(set(digests)), sa.ARRAY(sa.LargeBinary))),
        )
        with self.scope.transaction() as connection:
            return {row.digest: np.frombuffer(row.vector, _FLOAT) for row in connection.execute(query)}

    def _keep(self, vectors: dict[bytes, Array]) -> None:
        if not vectors:
            return
        mine = {"tenant_id": self.scope.tenant_id, "engagement_id": self.scope.engagement_id, "model": self.name}
        rows = [
            {**mine, "digest": digest, "vector": vector.astype(_FLOAT).tobytes(), "made_at": clock.now()}
            for digest, vector in vectors.items()
        ]
        statement = insert(cache)
        newest = {name: statement.excluded[name] for name in ("vector", "made_at")}
        with self.scope.transaction() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=list(cache.primary_key.columns), set_=newest), rows
            )


def prune(connection: sa.Connection, scope: Scope, most: int = MOST) -> int:
    """Drop what is oldest beyond `most` rows of the engagement; returns how many went."""
    mine = cache.c.engagement_id == scope.engagement_id
    oldest = sa.select(cache.c.made_at).where(mine).order_by(cache.c.made_at.desc()).offset(most).limit(1)
    return connection.execute(sa.delete(cache).where(mine, cache.c.made_at <= oldest.scalar_subquery())).rowcount
