"""Reads XML by its repeated element: each a record, attributes and child elements its columns.

Called by `read`. The document is streamed twice, first for its shape, then for its records. Nothing
outside the file is ever opened and no entity is ever expanded: a document that declares one is refused.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from muniment.base.errors import Rejected
from muniment.evidence.decode import decode
from muniment.evidence.delivery import CELL_LIMIT, Reject, Table, excerpt
from muniment.evidence.flatten import LEAF_LIMIT, Columns, FlawedRecord, Json, write
from muniment.evidence.read_nmap import ROOT as NMAP
from muniment.evidence.read_nmap import host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from muniment.evidence.containers import Member

_DEPTH_LIMIT: Final = 200
_SHAPE_LIMIT: Final = 20_000
"""Different places an element may stand in; a document with more has data in the names of its elements."""
_RECORD_LIMIT: Final = 200_000
"""Elements of one record."""
_SEARCH_DEPTH: Final = 5
_OUTSIDE_LIMIT: Final = 50
_EMPTY: Final = "{} is empty: it holds no records, export it again"
_FOREIGN: Final = re.compile(r"xmlns(:|$)|xsi:(?!nil$)|xml:")
_ENCODINGS: Final = (
    expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING],
    expat.errors.codes[expat.errors.XML_ERROR_INCORRECT_ENCODING],
    expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN],
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IDENTITY: Final = _words("name hostname host fqdn serial serialnumber uuid id ip ipaddress assettag")
"""Members that make an element a record of its own, whatever it repeats inside."""
_RECORDS: Final = _words(
    "asset ci component computer data device entry host instance item machine node object record resource row"
    " server system virtualmachine vm"
)
"""Elements that are records even inside something with a name (a site's devices)."""

_Path = tuple[str, ...]


@dataclass(slots=True)
class _Shape:
    """What stands at one place of a document: its children, and how often it repeats."""

    name: str
    most: int = 0
    structured: bool = False
    identified: bool = False
    children: dict[str, _Shape] = field(default_factory=dict)


@dataclass(slots=True)
class _Element:
    """An element being read."""

    shape: _Shape
    members: dict[str, Json]
    text: list[str] = field(default_factory=list)
    nothing: bool = False


def read_xml(member: Member) -> Iterator[Table]:
    """Read each list of records in an XML document; a scan of nmap gives its hosts.

    A document that breaks off gives the records before, and a reject.

    Raises:
        Rejected: It is not XML, declares entities, is nested too deeply, or holds no record.
    """
    utf8 = None
    try:
        root = _Survey(member).run(None)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that Python has not
        decoded = decode(member.data)
        if decoded is None or (isinstance(error, expat.ExpatError) and error.code not in _ENCODINGS):
            raise Rejected(_broken(member.file, error)) from error
        utf8 = decoded.utf8
        try:
            root = _Survey(member).run(utf8)
        except expat.ExpatError as again:
            raise Rejected(_broken(member.file, again)) from again
    if root.name == "html":
        from muniment.evidence.read_html import read_html

        yield from read_html(member)
        return
    if not root.structured:
        raise Rejected(_EMPTY.format(member.file))
    nmap = root.name == NMAP
    paths: list[_Path] = [(NMAP, "host")] if nmap else _record_paths(root)
    reading = _Records(member, root, paths, host if nmap else None)
    failure = reading.run(utf8)
    tables = list(reading.tables(failure))
    if not any(table.rows.num_rows for table in tables):
        reasons = [reject.reason for table in tables for reject in table.rejects]
        raise Rejected(f"{member.file}: {reasons[0]}" if reasons else _EMPTY.format(member.file))
    yield from tables


def _broken(file: str, error: Exception) -> str:
    what = f"{expat.ErrorString(error.code)} in line {error.lineno}" if isinstance(error, expat.ExpatError) else error
    return f"{file} is not whole XML: {what}: correct or export it again"


class _Stream:
    """Feeds a document to expat, with everything refused that reaches outside or multiplies."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.depth = 0

    def parse(self, utf8: bytes | None) -> None:
        """Parse it, as decoded before if its own encoding does not hold."""
        parser = self.parser = expat.ParserCreate("utf-8" if utf8 is not None else None)
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.EntityDeclHandler = self._refuse
        parser.UnparsedEntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.SkippedEntityHandler = self._refuse
        parser.ElementDeclHandler = self._refuse
        parser.AttlistDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.text
        data = self.member.data if utf8 is None else utf8
        parser.ParseFile(io.BytesIO(data))

    def _refuse(self, *_: object) -> int:
        raise Rejected(
            f"{self.member.file} declares entities or a document type of its own, which can be used to attack "
            "the reader: export it without a DTD"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _DEPTH_LIMIT:
            raise Rejected(f"{self.member.file} is nested deeper than {_DEPTH_LIMIT} levels: export it flatter")
        kept = {_local(key): value for key, value in attributes.items() if not _FOREIGN.match(key)}
        self.start(_local(name), kept)

    def _end(self, _: str) -> None:
        self.depth -= 1
        self.end()

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        raise NotImplementedError

    def end(self) -> None:
        """An element ends."""
        raise NotImplementedError

    def text(self, data: str) -> None:
        """Text of the innermost element."""


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Survey(_Stream):
    """The first pass: where elements stand and which repeat."""

    def __init__(self, member: Member) -> None:
        super().__init__(member)
        self._top = _Shape("")
        self._open: list[tuple[_Shape, dict[str, int]]] = [(self._top, {})]
        self._count = 0

    def run(self, utf8: bytes | None) -> _Shape:
        """Give the shape of the root; of a document that breaks off, the shape so far."""
        try:
            self.parse(utf8)
        except expat.ExpatError as error:
            root = next(iter(self._top.children.values()), None)
            if root is None or not root.children or error.code in _ENCODINGS:
                raise
        return next(iter(self._top.children.values()))

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        parent, counts = self._open[-1]
        shape = parent.children.get(name)
        if shape is None:
            self._count += 1
            if self._count > _SHAPE_LIMIT:
                raise Rejected(
                    f"{self.member.file} has more than {_SHAPE_LIMIT:,} different elements: is it an export?"
                )
            shape = parent.children[name] = _Shape(name)
        counts[name] = counts.get(name, 0) + 1
        shape.most = max(shape.most, counts[name])
        parent.structured = True
        shape.structured |= bool(attributes)
        shape.identified |= any(_word(key) in _IDENTITY for key in attributes)
        parent.identified |= _word(name) in _IDENTITY
        self._open.append((shape, {}))

    def end(self) -> None:
        self._open.pop()


def _record_paths(root: _Shape) -> list[_Path]:
    """Find what is repeated, as far out as possible; else what has a name; else the root itself."""
    found = list(_lists(root, (root.name,), 1))
    return found or list(_singles(root, (root.name,), 1)) or [(root.name,)]


def _lists(shape: _Shape, path: _Path, depth: int) -> Iterator[_Path]:
    if depth > _SEARCH_DEPTH:
        return
    for child in shape.children.values():
        here = (*path, child.name)
        if not child.structured:
            continue
        repeats = child.most > 1 or _is_wrapper(shape, child)
        if shape.identified and _word(child.name) not in _RECORDS and not _holds_records(child):
            continue
        if repeats:
            yield here
        else:
            yield from _lists(child, here, depth + 1)


def _is_wrapper(shape: _Shape, child: _Shape) -> bool:
    """Tell <servers><server>: a list that happens to hold one."""
    outer, inner = _word(shape.name), _word(child.name)
    return len(shape.children) == 1 and not shape.identified and outer in {f"{inner}s", f"{inner}list", f"{inner}es"}


def _holds_records(shape: _Shape) -> bool:
    return any(_word(child.name) in _RECORDS and child.structured for child in shape.children.values())


def _singles(shape: _Shape, path: _Path, depth: int) -> Iterator[_Path]:
    if shape.identified or depth > _SEARCH_DEPTH:
        return
    for child in shape.children.values():
        here = (*path, child.name)
        if child.identified and child.structured:
            yield here
        elif child.structured:
            yield from _singles(child, here, depth + 1)


class _Records(_Stream):
    """The second pass: collects the records of each list."""

    def __init__(
        self,
        member: Member,
        root: _Shape,
        paths: list[_Path],
        shaped: Callable[[dict[str, Json]], dict[str, Json] | None] | None,
    ) -> None:
        super().__init__(member)
        self._top = _Shape("", children={root.name: root})
        self._shaped = shaped
        self._lists = {path: _List(".".join(path[1:]) or None) for path in paths}
        self._outside: dict[str, Json] = {}
        self._path: list[_Shape] = [self._top]
        self._record: list[_Element] = []
        self._size = self._length = self._line = 0

    def run(self, utf8: bytes | None) -> str | None:
        """Parse; the reason why it broke off, if it did."""
        try:
            self.parse(utf8)
        except expat.ExpatError as error:
            return _broken(self.member.file, error)
        return None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        shape = self._path[-1].children[name]
        self._path.append(shape)
        if self._record:
            self._size += 1
        elif self._here() in self._lists:
            self._size, self._length, self._line = 1, 0, self.parser.CurrentLineNumber
        else:
            self._note(name, attributes)
            return
        nothing = attributes.get("nil") in {"true", "1"}
        members: dict[str, Json] = {key: value for key, value in attributes.items() if key != "nil"}
        if self._size > _RECORD_LIMIT:
            members = {}
        self._length += sum(map(len, attributes.values()))
        self._record.append(_Element(shape, members, nothing=nothing))

    def text(self, data: str) -> None:
        if self._record and self._length <= CELL_LIMIT:
            self._record[-1].text.append(data)
            self._length += len(data)

    def end(self) -> None:
        path = self._here() if len(self._record) == 1 else ()
        self._path.pop()
        if not self._record:
            return
        element = self._record.pop()
        value = _value(element)
        if self._record:
            if self._size <= _RECORD_LIMIT:
                _put(self._record[-1].members, element.shape, value)
            return
        self._finish(self._lists[path], value)

    def _here(self) -> _Path:
        return tuple(shape.name for shape in self._path[1:])

    def _note(self, name: str, attributes: Mapping[str, str]) -> None:
        """Keep what stands around the records, as far as it is short."""
        for key, value in attributes.items():
            if len(self._outside) < _OUTSIDE_LIMIT:
                self._outside[f"{name}.{key}"] = value

    def _finish(self, found: _List, value: Json) -> None:
        if value is None:
            return
        record: dict[str, Json] = value if isinstance(value, dict) else {"value": value}
        if self._size > _RECORD_LIMIT or self._length > CELL_LIMIT:
            limit = f"more than {_RECORD_LIMIT:,} elements or {CELL_LIMIT // 2**20} MiB of text in one record"
            found.refuse(self.member.file, self._line, f"{limit}: export it in smaller ones")
            return
        cells = record if self._shaped is None else self._shaped(record)
        if cells is None:
            found.left_out += 1
            return
        try:
            found.columns.add(self._line, cells)
        except FlawedRecord as error:
            found.refuse(self.member.file, self._line, f"the record {error}: correct it and import it again")

    def tables(self, failure: str | None) -> Iterator[Table]:
        """Give the lists that hold something; the failure goes to the one that was read last."""
        last = max(self._lists.values(), key=lambda found: max(found.columns.lines, default=0))
        if failure:
            last.refuse(self.member.file, None, f"{failure}; the records before it were read")
        for found in self._lists.values():
            if not found.columns.lines and not found.rejects:
                continue
            details = {"outside the records": excerpt(write(self._outside))} if self._outside else {}
            if found.left_out:
                details["left out"] = f"{found.left_out} hosts that are down"
            yield found.table(self.member, details, alone=len(self._lists) == 1)


@dataclass(slots=True)
class _List:
    """One list of records in the making."""

    tab: str | None
    columns: Columns = field(default_factory=Columns)
    rejects: list[Reject] = field(default_factory=list)
    left_out: int = 0

    def refuse(self, file: str, line: int | None, reason: str) -> None:
        """Keep a reject."""
        self.rejects.append(Reject(file, self.tab, line, None, reason, ""))

    def table(self, member: Member, details: dict[str, str], *, alone: bool) -> Table:
        """Finish."""
        if self.columns.left_out:
            self.refuse(
                member.file, None, f"more than {LEAF_LIMIT:,} different fields: further ones are in the raw record only"
            )
        rows = self.columns.table()
        return Table(
            file=member.file,
            tab=None if alone else self.tab,
            format="xml",
            details=details,
            columns=tuple(rows.column_names[2:]),
            rows=rows,
            rejects=tuple(self.rejects),
            observed=member.observed,
        )


def _value(element: _Element) -> Json:
    """Give an element as JSON: its text, or an object of its attributes and children."""
    text = "".join(element.text).strip()
    if element.nothing and not element.members:
        return None
    if not element.members:
        return text or None
    if text:
        members: dict[str, Json] = {}
        for key, value in element.members.items():
            members[key if key != "value" else "value "] = value
        return {**members, "value": text}
    return element.members


def _put(members: dict[str, Json], shape: _Shape, value: Json) -> None:
    """Add a child; one that repeats anywhere is a list everywhere, so that columns stay the same."""
    name = shape.name
    if shape.most > 1:
        known = members.get(name)
        if isinstance(known, list):
            known.append(value)
        elif known is None:
            members[name] = [value]
        else:  # an attribute of the same name
            members[name] = [known, value]
        return
    while name in members:  # an attribute of the same name
        name = f"{name} (element)"
    if value is not None:
        members[name] = value


def _word(key: str) -> str:
    return re.sub(r"[^a-z]", "", key.lower())
