"""What an estate hands out: files of the register, and its fingerprint.

Part of `Estate`; a file appears whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Unpack

from muniment import flows, mapping, register
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.estate import find
from muniment.estate.types import ExportOptions


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """An open file that appears under its name whole or not at all.

    Raises:
        Rejected: it cannot be written.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as handle:
            yield handle
        part.replace(target)
    except OSError as error:
        raise Rejected(f"{target} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


class HandsOut:
    """Exports of the register."""

    home: Home

    def export(
        self,
        output: str | os.PathLike[str] | BinaryIO,
        form: str | None = None,
        **options: Unpack[ExportOptions],
    ) -> flows.Exported:
        """Write the register, or a part of it; returns how many assets, and what a format could not take.

        Args:
            output: a file to write whole or not at all (replaced if it exists), or an open binary one.
            form: one of `flows.FORMATS`; else by the ending of the file.
            options: words, type, source, where, columns, as_of: see `ExportOptions`.

        Raises:
            Rejected: there is no such format, type or attribute, or the file cannot be written.
        """
        scope = self.home.scope
        find.asset_type(options.get("type"))
        with scope.transaction() as connection:
            where = options.get("where")
            pairs = find.conditions(mapping.attributes(connection), where) if where else ()
            query = register.Query(
                options.get("words", ""),
                options.get("type"),
                options.get("source"),
                tuple(pairs),
                as_of=options.get("as_of"),
            )
            columns = tuple(options.get("columns", ()))
            if not isinstance(output, str | os.PathLike):
                return flows.export(connection, self.home, output, flows.Wanted(form or "csv", query, columns))
            target = Path(output)
            wanted = flows.Wanted(form or target.suffix.lstrip(".").lower(), query, columns)
            with whole_file(target) as handle:
                return flows.export(connection, self.home, handle, wanted)

    def report(
        self, output: str | os.PathLike[str] | BinaryIO, form: str | None = None, since: datetime | None = None
    ) -> flows.Report:
        """Write the report for a client, HTML or XLSX; returns the numbers in it.

        Args:
            output: a file to write whole or not at all (replaced if it exists), or an open binary one.
            form: html or xlsx; else by the ending of the file.
            since: tell what changed since then; else since the previous report.

        Raises:
            Rejected: there is no such format, or the file cannot be written.
        """
        if not isinstance(output, str | os.PathLike):
            return flows.report(self.home, output, form or "html", since)
        target = Path(output)
        with whole_file(target) as handle:
            return flows.report(self.home, handle, form or target.suffix.lstrip(".").lower(), since)

    def fingerprint(self, *, with_ids: bool = False) -> str:
        """One number for the whole register, 64 hex digits: equal registers have equal ones."""
        with self.home.scope.transaction() as connection:
            return register.fingerprint(connection, self.home.scope, with_ids=with_ids)
