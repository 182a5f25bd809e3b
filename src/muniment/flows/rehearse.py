"""A rehearsal: a home in which everything really runs and nothing stays.

`import --dry-run` works in one. All transactions are savepoints of one that is rolled back; the lake
is a temporary folder.
"""

import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from muniment.base.home import Home
from muniment.base.settings import Settings
from muniment.base.tenancy import Scope, set_tenant


@dataclass(frozen=True, slots=True)
class _Stage(Scope):
    """A scope whose transactions are parts of one that never commits."""

    connection: sa.Connection

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A savepoint of the rehearsal's transaction."""
        with self.connection.begin_nested():
            yield self.connection


@contextmanager
def rehearsal(home: Home) -> Iterator[Home]:
    """A home like `home` whose writes vanish at the end; its old raw rows can be read."""
    with tempfile.TemporaryDirectory(prefix="muniment-") as folder:
        values = {**home.settings.values, "lake_url": folder}
        with home.scope.engine.connect() as connection:
            outer = connection.begin()
            try:
                set_tenant(connection, home.scope.tenant_id)
                fields = {name: getattr(home.scope, name) for name in Scope.__dataclass_fields__}
                yield dataclasses.replace(
                    home,
                    settings=Settings(values, home.settings.origins),
                    scope=_Stage(**fields, connection=connection),
                )
            finally:
                outer.rollback()
