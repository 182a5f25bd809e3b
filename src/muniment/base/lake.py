"""The lake: a folder, or any fsspec URL, of files that are written once and never changed.

`evidence` keeps the raw rows of every import here. A file appears whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from muniment.base.errors import Permanent

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 20


class Lake:
    """Parquet files under one root."""

    def __init__(self, url: str) -> None:
        import fsspec

        try:
            self.files, self.root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise Permanent(f"the lake {url} cannot be opened: {error}") from error

    def write(self, path: str, table: pa.Table, metadata: dict[str, str]) -> None:
        """Write an Arrow table as Parquet (zstd), first under a temporary name."""
        import pyarrow.parquet as pq

        target = self._place(path)
        self.files.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        schema = table.schema.with_metadata({key: value.encode() for key, value in metadata.items()})
        with self.files.open(f"{target}.part", "wb") as handle:
            pq.write_table(table.cast(schema), handle, compression="zstd")
        self.files.mv(f"{target}.part", target)

    def read(self, path: str, columns: list[str] | None = None) -> pa.Table:
        """Read a Parquet file, or some of its columns.

        Raises:
            Permanent: the file is gone, though the database refers to it.
        """
        import pyarrow.parquet as pq

        with self._open(path) as handle:
            return pq.read_table(handle, columns=columns)

    def row(self, path: str, number: int) -> dict[str, Any]:
        """One raw row by its number from 1, reading only the row group that holds it.

        Raises:
            Permanent: the file is gone, or has no such row.
        """
        import pyarrow.parquet as pq

        with self._open(path) as handle:
            file = pq.ParquetFile(handle)
            first = 0
            for group in range(file.num_row_groups):
                size = file.metadata.row_group(group).num_rows
                if number <= first + size:
                    table = file.read_row_group(group).slice(number - first - 1, 1)
                    rows: list[dict[str, Any]] = table.to_pylist()
                    return rows[0]
                first += size
        raise Permanent(f"{path} has no row {number}: restore the lake from a backup")

    def remove(self, paths: Sequence[str]) -> int:
        """Remove files; one that is gone already is no error. Returns the bytes they took."""
        size = 0
        for path in paths:
            place = self._place(path)
            if self.files.exists(place):
                size += int(self.files.size(place) or 0)
                self.files.rm_file(place)
        return size

    def copy_to(self, other: Lake) -> Iterator[int]:
        """Copy every file into another lake, reading each back to compare; yields the bytes of each.

        Raises:
            Permanent: a file did not arrive as it is here.
        """
        for place in sorted(self.files.find(self.root)) if self.files.exists(self.root) else ():
            target = f"{other.root}/{place.removeprefix(self.root).lstrip('/')}"
            other.files.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
            wanted = hashlib.sha256()
            with self.files.open(place, "rb") as source, other.files.open(f"{target}.part", "wb") as sink:
                while block := source.read(_BLOCK):
                    wanted.update(block)
                    sink.write(block)
            other.files.mv(f"{target}.part", target)
            found = hashlib.sha256()
            with other.files.open(target, "rb") as arrived:
                while block := arrived.read(_BLOCK):
                    found.update(block)
            if found.digest() != wanted.digest():
                raise Permanent(f"{target} did not arrive as it was: is the disk full or the connection bad?")
            yield int(self.files.size(place) or 0)

    def _open(self, path: str) -> Any:
        try:
            return self.files.open(self._place(path), "rb")
        except FileNotFoundError as error:
            raise Permanent(f"{path} is missing in the lake {self.root}: restore it from a backup") from error

    def _place(self, path: str) -> str:
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts:
            raise Permanent(f"{path} points outside the lake")
        return f"{self.root}/{parts}"
