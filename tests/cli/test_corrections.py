"""The spreadsheet that comes back: the preview, the act, and what is said of cells that cannot be taken."""


def edited(change, path, *pairs):
    assert change("export", "--format", "csv", "-o", path).code == 0
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


def test_corrections_are_shown_applied_and_undone(change, tmp_path):
    before = change("fingerprint", "--ids").out
    path = edited(change, tmp_path / "back.csv", ("Ann Bell", "Di Eck"), ("16384", "lots"))
    tried = change("corrections", path, "--dry-run")
    assert tried.code == 0
    assert "Di Eck" in tried.out
    assert "would correct 1 value(s) of 1 asset(s); 1 refused" in tried.out
    assert change("fingerprint", "--ids").out == before
    done = change("corrections", path, "--reason", "their list")
    assert "refused: " in done.out
    assert "corrected 1 value(s) of 1 asset(s); 1 refused (act " in done.out
    assert "corrected 1 value(s) of 1 asset(s) by back.csv" in change("undo", "--list").out
    assert change("undo").code == 0
    assert change("fingerprint", "--ids").out == before


def test_an_emptied_cell_asks_for_allow_clear(change, tmp_path):
    path = edited(change, tmp_path / "back.csv", ("Ann Bell", ""))
    asked = change("corrections", path)
    assert "emptied: --allow-clear takes it" in asked.out
    assert "1 emptied and left as they were" in asked.out
    found = change("corrections", path, "--allow-clear", "--json").json
    assert [(cell["attribute"], cell["outcome"], cell["applied"]) for cell in found["cells"]] == [
        ("owner", "cleared", True)
    ]


def test_a_file_that_is_no_export_is_refused_with_the_cure(look, tmp_path):
    (tmp_path / "menu.csv").write_text("dish,price\nsoup,4\n", encoding="utf-8")
    wrong = look("corrections", tmp_path / "menu.csv")
    assert wrong.code == 2
    assert "`muniment export` writes files that can be edited and read back" in wrong.err
    assert look("corrections", tmp_path / "none.csv").code == 2
