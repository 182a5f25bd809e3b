"""What an estate hands out: files of the register, and its fingerprint.

Part of `Estate`; a file appears whole or not at all.
"""

import os
from pathlib import Path
from typing import BinaryIO

from muniment import flows, register
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.estate import find


class HandsOut:
    """Exports of the register."""

    home: Home

    def export(
        self,
        output: str | os.PathLike[str] | BinaryIO,
        form: str | None = None,
        type: str | None = None,  # noqa: A002
    ) -> int:
        """Write the register: one row per asset, one column per attribute. Returns how many assets.

        Args:
            output: a file to write whole or not at all (replaced if it exists), or an open binary one.
            form: csv, json or parquet; else by the ending of the file.
            type: only assets of this type.

        Raises:
            Rejected: there is no such format or type, or the file cannot be written.
        """
        find.asset_type(type)
        with self.home.scope.transaction() as connection:
            if not isinstance(output, str | os.PathLike):
                return flows.export(connection, self.home, output, form or "csv", type)
            target = Path(output)
            part = target.with_name(f"{target.name}.part")
            try:
                with part.open("wb") as handle:
                    count = flows.export(connection, self.home, handle, form or target.suffix.lstrip(".").lower(), type)
                part.replace(target)
            except OSError as error:
                raise Rejected(f"{target} cannot be written: {error.strerror}") from error
            finally:
                part.unlink(missing_ok=True)
        return count

    def fingerprint(self, *, with_ids: bool = False) -> str:
        """One number for the whole register, 64 hex digits: equal registers have equal ones."""
        with self.home.scope.transaction() as connection:
            return register.fingerprint(connection, self.home.scope, with_ids=with_ids)
