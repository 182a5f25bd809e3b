"""A home made empty, as on its first day; what is not Muniment's stays."""

from muniment.base import embedded, settings
from muniment.base.home import open_home
from muniment.base.reset import reset


def test_a_home_with_its_own_server_is_emptied_and_starts_afresh(tmp_path):
    folder = tmp_path / "home"
    configuration = settings.load({"home": folder, "actor": "tester", "engagement": "move"})
    first = open_home(configuration)
    first.scope.engine.dispose()
    (folder / "lake" / "raw").mkdir(parents=True)
    (folder / "lake" / "raw" / "x.parquet").write_bytes(b"1234")
    (folder / "backups").mkdir()
    (folder / "mine.txt").write_text("kept", encoding="utf-8")
    try:
        gone = reset(configuration).removed
        assert gone["database"] > 1_000_000
        assert gone["lake"] == 4
        assert sorted(path.name for path in folder.iterdir()) == ["lake", "mine.txt"]
        again = open_home(configuration)
        assert again.scope.engagement_id != first.scope.engagement_id
        again.scope.engine.dispose()
    finally:
        embedded.stop(folder)
