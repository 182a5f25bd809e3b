"""Opening what a delivery came in: nothing reaches the disk, nothing expands without bound."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from muniment.base.errors import Rejected
from muniment.evidence import containers
from muniment.evidence.containers import Bound, Member, members
from muniment.evidence.delivery import Reject

TINY = Bound(ratio=20, ratio_from=1_000, total=100_000)


def zstandard(data):
    return pa.compress(data, codec="zstd", asbytes=True)


def tarred(files, *, links=False):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, kind in [("passwd", b"2"), ("again", b"1"), ("disk", b"4")] if links else []:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return buffer.getvalue()


def zipped(files, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, options.get("date", (2024, 5, 6, 7, 8, 10)))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


@pytest.fixture
def opened(tmp_path):
    def open_file(name, data, bound=containers.DEFAULT_BOUND):
        path = tmp_path / name
        path.write_bytes(data)
        return list(members(path, bound))

    return open_file


def test_a_plain_file_is_its_only_member(opened):
    assert opened("a.csv", b"a,b\n") == [Member("a.csv", b"a,b\n", None, archived=False)]


def test_a_gz_of_several_parts_is_one_file_with_the_name_of_the_gz(opened):
    data = gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n")
    assert opened("a.csv.gz", data) == [Member("a.csv.gz", b"a,b\n1,2\n", None, archived=False)]


def test_members_of_a_zip_carry_its_name_and_their_own_date(opened):
    found = opened("d.zip", zipped({"x/a.csv": b"a\n", "b.csv": b"b\n"}))
    date = datetime(2024, 5, 6, 7, 8, 10, tzinfo=UTC)
    assert found == [
        Member("d.zip!x/a.csv", b"a\n", date, archived=True),
        Member("d.zip!b.csv", b"b\n", date, archived=True),
    ]


def test_a_date_that_was_never_written_is_none(opened):
    (member,) = opened("d.zip", zipped({"a.csv": b"a\n"}, date=(1980, 1, 1, 0, 0, 0)))
    assert member.observed is None


def test_what_the_packer_left_behind_is_skipped(opened):
    files = {"__MACOSX/._a.csv": b"x", ".DS_Store": b"x", "x/.hidden/a.csv": b"x", "x/": b"", "a.csv": b"a\n"}
    assert [member.file for member in opened("d.zip", zipped(files))] == ["d.zip!a.csv"]


def test_a_hostile_path_is_only_a_name(opened, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    found = opened("d.zip", zipped({"../../evil.csv": b"a\n", "/etc/passwd": b"b\n", "c\nd.csv": b"c\n"}))
    assert [member.file for member in found] == [
        "d.zip!../../evil.csv",
        "d.zip!/etc/passwd",
        "d.zip!c\\nd.csv",
    ]
    assert sorted(tmp_path.rglob("*")) == [*before, tmp_path / "d.zip"]


def test_an_encrypted_member_is_refused_and_the_others_are_read(opened):
    data = bytearray(zipped({"a.csv": b"a\n", "b.csv": b"b\n"}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1  # the flag in the directory, as an encrypting packer sets it
    refused, member = opened("d.zip", bytes(data))
    assert isinstance(refused, Reject)
    assert refused.reason == ("d.zip!a.csv is encrypted: unpack it with its password and import the files")
    assert member.file == "d.zip!b.csv"


def test_an_empty_member_is_refused(opened):
    (refused,) = opened("d.zip", zipped({"inner": b""}))
    assert "is empty" in refused.reason


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard}


@pytest.mark.parametrize("ending", PACKERS)
def test_a_compressed_file_is_one_file_with_its_own_name(opened, ending):
    assert opened(f"a.csv.{ending}", PACKERS[ending](b"a,b\n")) == [
        Member(f"a.csv.{ending}", b"a,b\n", None, archived=False)
    ]


@pytest.mark.parametrize("ending", PACKERS)
def test_compressed_data_that_expands_too_far_or_is_cut_off_is_refused(opened, ending):
    with pytest.raises(Rejected, match="looks like a zip bomb"):
        opened(f"a.{ending}", PACKERS[ending](b"0" * 5_000_000), TINY)
    with pytest.raises(Rejected, match="is damaged or cut off"):
        opened(f"a.{ending}", PACKERS[ending](os.urandom(5_000))[:-9])


def test_a_tar_gives_its_files_and_names_what_is_none(opened):
    data = tarred({"a.csv": b"a\n", "../../b.csv": b"b\n", "/etc/c.csv": b"c\n"}, links=True)
    for name, packed in [("d.tar", data), ("d.tar.gz", gzip.compress(data)), ("d.txz", lzma.compress(data))]:
        found = opened(name, packed)
        assert [(one.file, one.data) for one in found if isinstance(one, Member)] == [
            (f"{name}!a.csv", b"a\n"),
            (f"{name}!../../b.csv", b"b\n"),
            (f"{name}!/etc/c.csv", b"c\n"),
        ]
        reasons = [one.reason for one in found if isinstance(one, Reject)]
        assert reasons == [
            f"{name}!passwd is a link, which is never followed: pack the file itself",
            f"{name}!again is a link, which is never followed: pack the file itself",
            f"{name}!disk is a device or pipe, which is never followed: pack the file itself",
        ]


def test_archives_in_archives_are_opened_three_deep(opened):
    data = tarred({"a.csv": b"a\n"})
    assert [one.file for one in opened("d.zip", zipped({"t.tar.gz": gzip.compress(data)}))] == ["d.zip!t.tar.gz!a.csv"]
    for number in range(4):
        data = zipped({f"{number}.zip": data})
    (refused,) = opened("d.zip", data)
    assert "is an archive too deep in others: unpack it" in refused.reason


def test_all_layers_of_an_archive_count_together(opened):
    layer = zipped({f"{number}.csv": b"0" * 4_000 for number in range(10)})
    assert len(opened("fine.zip", layer, Bound(ratio=1, ratio_from=50_000))) == 10
    nested = zipped({f"{number}.zip": layer for number in range(10)})
    with pytest.raises(Rejected, match="looks like a zip bomb"):
        opened("d.zip", nested, Bound(ratio=1, ratio_from=50_000))


def test_an_archive_of_too_many_files_is_refused(opened):
    with pytest.raises(Rejected, match=r"d.zip holds more than 5 files: import it in parts"):
        opened("d.zip", zipped({f"{number}.csv": b"0" for number in range(6)}), Bound(members=5))


@pytest.mark.parametrize("size", [b"-0000001000\0", b"\x80" + b"\xff" * 11])
def test_a_tar_with_an_impossible_size_ends(opened, size):
    data = bytearray(tarred({"a.csv": b"a\n"}))
    data[124:136] = size
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    with pytest.raises(Rejected, match=r"d.tar"):
        opened("d.tar", bytes(data))


def test_a_gz_that_expands_too_far_is_refused_while_it_expands(opened):
    opened("ok.gz", gzip.compress(b"0" * 900), TINY)
    with pytest.raises(Rejected, match="looks like a zip bomb"):
        opened("ratio.gz", gzip.compress(b"0" * 90_000), TINY)
    with pytest.raises(Rejected, match="looks like a zip bomb"):
        opened("total.gz", gzip.compress(os.urandom(30_000) * 4), TINY)


def test_a_zip_that_says_it_expands_too_far_is_refused(opened):
    with pytest.raises(Rejected, match="looks like a zip bomb"):
        opened("d.zip", zipped({"a.csv": b"0" * 90_000}), TINY)
    many = {f"{number}.csv": b"0" * 900 for number in range(100)}
    with pytest.raises(Rejected, match="looks like a zip bomb"):
        opened("d.zip", zipped(many), Bound(ratio=2, ratio_from=1_000))


def test_a_zip_that_lies_about_its_size_is_damaged_not_trusted(opened):
    data = bytearray(zipped({"a.csv": b"0" * 90_000}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 10)
    (refused,) = opened("d.zip", bytes(data), TINY)
    assert "is damaged" in refused.reason


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.gz", gzip.compress(b"", mtime=0), "a.gz is empty"),
        ("a.gz", gzip.compress(b"a,b\n" * 99, mtime=0)[:-9], "a.gz is damaged or cut off"),
        ("a.gz", b"\x1f\x8bnot gzip at all", "a.gz is damaged or cut off"),
        ("a.zip", zipped({"a.csv": b"a"})[:-30], "a.zip is damaged or cut off"),
        ("a.zip", zipped({}), "a.zip holds no file to read"),
    ],
)
def test_what_cannot_be_opened_says_so(opened, name, data, reason):
    with pytest.raises(Rejected, match=reason):
        opened(name, data)


def test_a_missing_file_a_folder_and_an_impossible_path_say_so(tmp_path):
    for path, reason in [
        (tmp_path / "no.csv", "no.csv does not exist: check the path"),
        (tmp_path, "is a folder: name the files in it"),
        (tmp_path / "a\0b", "cannot be opened"),
    ]:
        with pytest.raises(Rejected, match=reason):
            list(members(path))


def test_a_file_larger_than_the_bound_is_not_loaded(opened):
    with pytest.raises(Rejected, match="split it and import the parts"):
        opened("a.csv", b"a" * 100_001, TINY)
