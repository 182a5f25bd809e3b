"""The assets a search finds: read once when first looked at, as objects, Arrow or pandas.

Made by `Estate.assets`. Holds what it found in memory; `Estate.export` streams a whole register.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

from muniment import mapping, model, register
from muniment.base.errors import Permanent
from muniment.base.home import Home
from muniment.estate import find

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Assets(Sequence[register.Asset]):
    """A sequence of assets in the order that was asked for."""

    def __init__(self, home: Home, query: register.Query) -> None:
        self._home = home
        self.query = query

    @cached_property
    def _found(self) -> list[register.Asset]:
        with self._home.scope.transaction() as connection:
            return register.find(connection, self._home.scope, self.query)

    @overload
    def __getitem__(self, place: int) -> register.Asset: ...

    @overload
    def __getitem__(self, place: slice) -> list[register.Asset]: ...

    def __getitem__(self, place: int | slice) -> register.Asset | list[register.Asset]:
        return self._found[place]

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"<{len(self):,} assets>"

    def to_arrow(self, attributes: Sequence[str] | None = None) -> pa.Table:
        """One row per asset: id, name, type, subtype, state, confidence, sources, version, updated_at, values.

        A value's column is called `value.ATTRIBUTE`; it is a list where the attribute can be many, and
        in the unit that `muniment model` shows (`memory_mib` in MiB).

        Args:
            attributes: which to take, in this order; else all that have a value here.

        Raises:
            Rejected: there is no such attribute.
        """
        from muniment import flows

        return flows.as_table(self._found, self._attributes(attributes))

    def to_pandas(self, attributes: Sequence[str] | None = None) -> pd.DataFrame:
        """The same as a data frame of pandas.

        Raises:
            Rejected: there is no such attribute.
            Permanent: pandas is not installed.
        """
        try:
            import pandas  # noqa: F401, ICN001
        except ImportError as error:
            raise Permanent("pandas is not installed: `pip install pandas`, or use to_arrow()") from error
        table = self.to_arrow(attributes)
        frame: pd.DataFrame = table.to_pandas()
        return frame

    def _attributes(self, names: Sequence[str] | None) -> list[model.Attribute]:
        with self._home.scope.transaction() as connection:
            known = mapping.attributes(connection)
        if names is None:
            used = {name for asset in self._found for name in asset.values}  # noqa: PD011 - no pandas here
            return [attribute for name, attribute in known.items() if name in used]
        return [known[find.attribute(known, name)] for name in names]
