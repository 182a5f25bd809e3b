"""Assets that are alike, and the vectors that tell.

Part of `Estate`; nothing here changes the register. Vectors are made when they are first asked for.
"""

from __future__ import annotations

from uuid import UUID

from muniment import flows, register
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.estate import find

_LONGEST = 8_000


class FindsAlike:
    """Search by likeness instead of by exact words."""

    home: Home

    def similar(
        self,
        name: str | UUID | register.Asset,
        *,
        limit: int = 10,
        type: str | None = None,  # noqa: A002 - the word of the model
        progress: flows.Progress = flows.quiet,
    ) -> flows.Likeness:
        """The assets most like one: `found` holds them with similarity and shared words, the most alike first.

        Args:
            name: the asset.
            limit: how many.
            type: only of this type.
            progress: called while vectors are made.

        Raises:
            NotFound: nothing is called so.
            Rejected: several are, the asset is retired, or the settings of embeddings do not go together.
        """
        find.asset_type(type)
        with self.home.scope.transaction() as connection:
            wanted = name.id if isinstance(name, register.Asset) else name
            asset = find.asset(connection, self.home.scope, str(wanted))
        if asset.state == "retired":
            raise Rejected(f"{asset.name} is retired: what is alike is sought among assets in use")
        return flows.similar_assets(self.home, asset, _positive(limit), type, progress)

    def like(
        self,
        text: str,
        *,
        limit: int = 10,
        type: str | None = None,  # noqa: A002 - the word of the model
        progress: flows.Progress = flows.quiet,
    ) -> flows.Likeness:
        """The assets most like a text, such as "old linux web server in Berlin".

        Raises:
            NotFound: there is no asset yet.
            Rejected: the text is empty or too long, or the settings of embeddings do not go together.
        """
        find.asset_type(type)
        if not text.strip() or len(text) > _LONGEST:
            raise Rejected(f"a text of 1 to {_LONGEST:,} characters is needed")
        return flows.assets_like(self.home, text, _positive(limit), type, progress)

    def embeddings(self) -> tuple[str, list[flows.SpaceState]]:
        """The model in the settings, and the vectors that there are: model, dimension, state, how many.

        Raises:
            Rejected: the settings of embeddings do not go together.
        """
        return flows.embedding_states(self.home)

    def rebuild_embeddings(self, *, everything: bool = False, progress: flows.Progress = flows.quiet) -> flows.Embedded:
        """Make the vectors of all assets by the model in the settings; those of other models go when all are there.

        Args:
            everything: also of assets that did not change.
            progress: called after each batch.

        Raises:
            NotFound: there is no asset yet.
            Rejected: the settings of embeddings do not go together.
            Retryable: the model cannot be reached; what was made stays, and the next call goes on.
            Permanent: the model cannot be used.
        """
        return flows.rebuild_embeddings(self.home, progress, everything=everything)


def _positive(limit: int) -> int:
    if limit < 1:
        raise Rejected(f"limit={limit}: give 1 or more")
    return limit
