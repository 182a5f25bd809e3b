"""Finding the files of a delivery, however deep, and never outside it."""

import os

import pytest

from muniment import generate
from muniment.base.errors import Rejected
from muniment.flows import gather


def test_exports_in_folders_are_found_at_any_depth_and_the_rest_is_said(tmp_path):
    for name in ["b.csv", "a/c.xlsx", "a/deep/d.parquet", "a/readme.md", ".hidden/e.csv", "a/.f.csv", "g.CSV"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    os.mkfifo(tmp_path / "pipe.csv")
    found, left = gather.files([tmp_path, tmp_path / "b.csv"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "b.csv",
        "g.CSV",
        "a/c.xlsx",
        "a/deep/d.parquet",
    ]
    assert {path.name: why.partition(":")[0] for path, why in left} == {
        "readme.md": "no export by its name",
        "pipe.csv": "a device or pipe",
    }


def test_a_marked_folder_is_left_out_of_those_above_and_read_when_named(tmp_path):
    for name in ["a.csv", "answers/.no-import", "answers/b.csv"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found, left = gather.files([tmp_path])
    assert [path.name for path in found] == ["a.csv"]
    assert [(path.name, why.partition(":")[0]) for path, why in left] == [("answers", "marked by a file .no-import")]
    found, left = gather.files([tmp_path / "answers"])
    assert ([path.name for path in found], left) == (["b.csv"], ())


def test_the_truth_of_a_generated_estate_is_no_export_of_it(tmp_path):
    generate.write_estate(generate.EstateSpec(assets=40, seed=1), tmp_path)
    found, left = gather.files([tmp_path])
    assert {path.parent for path in found} == {tmp_path}
    assert [path.name for path, _ in left] == ["truth"]


def test_links_are_not_followed_so_that_no_tree_is_endless_or_left(tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("x")
    (folder / "a.csv").write_text("x")
    (folder / "loop").symlink_to(folder)
    (folder / "out.csv").symlink_to(tmp_path / "secret.csv")
    found, left = gather.files([folder])
    assert [path.name for path in found] == ["a.csv"]
    assert {path.name: why.partition(",")[0] for path, why in left} == {"loop": "a link", "out.csv": "a link"}


def test_a_folder_without_exports_too_many_files_or_no_file_is_refused(tmp_path, monkeypatch):
    with pytest.raises(Rejected, match="is a folder without exports"):
        gather.files([tmp_path])
    with pytest.raises(Rejected, match="does not exist"):
        gather.files([tmp_path / "none.csv"])
    for number in range(60):
        (tmp_path / f"{number}.csv").write_text("x")
        (tmp_path / f"{number}.bin").write_text("x")
    _, left = gather.files([tmp_path])
    assert len(left) == 51
    assert left[-1][1] == "and 10 more files that are no exports by their names"
    monkeypatch.setattr(gather, "_FILES_LIMIT", 50)
    with pytest.raises(Rejected, match="holds more than 50 exports"):
        gather.files([tmp_path])
