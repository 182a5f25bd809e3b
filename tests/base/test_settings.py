import pytest

from muniment.base import settings
from muniment.base.errors import Rejected


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for setting in settings.SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))


def write(tmp_path, text):
    (tmp_path / "muniment.toml").write_text(text, encoding="utf-8")


def test_without_anything_said_the_defaults_hold(tmp_path):
    loaded = settings.load()
    assert loaded.home == tmp_path
    assert loaded.lake_url == str(tmp_path / "lake")
    assert {item.name: loaded[item.name] for item in settings.SETTINGS if item.name != "home"} == {
        item.name: item.default for item in settings.SETTINGS if item.name != "home"
    }
    assert loaded.origins["tenant"] == "default"


def test_command_line_beats_environment_beats_file_beats_default(monkeypatch, tmp_path):
    write(tmp_path, 'tenant = "file"\nengagement = "file"\nactor = "file"\n')
    monkeypatch.setenv("MUNIMENT_TENANT", "variable")
    monkeypatch.setenv("MUNIMENT_ENGAGEMENT", "variable")
    loaded = settings.load({"tenant": "option", "engagement": None})
    assert [loaded[name] for name in ("tenant", "engagement", "actor")] == ["option", "variable", "file"]
    assert [loaded.origins[name] for name in ("tenant", "engagement", "actor")] == [
        "command line",
        "MUNIMENT_ENGAGEMENT",
        str(tmp_path / "muniment.toml"),
    ]


def test_a_home_is_made_absolute_and_its_tilde_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings.load({"home": "~/register"}).home == tmp_path / "register"
    monkeypatch.chdir(tmp_path)
    assert settings.load({"home": "register"}).home == tmp_path / "register"


def test_text_from_the_environment_becomes_the_type_of_the_setting(monkeypatch):
    monkeypatch.setenv("MUNIMENT_IDLE_SECONDS", "30")
    monkeypatch.setenv("MUNIMENT_AUTO_THRESHOLD", "0.75")
    loaded = settings.load()
    assert (loaded["idle_seconds"], loaded["auto_threshold"]) == (30, 0.75)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour = 1", "`colour` is not a setting: see `muniment settings`"),
        ('home = "elsewhere"', "`home` is not a setting"),
        ("tenant = ", "not valid TOML"),
        ('idle_seconds = "soon"', "give a whole number"),
        ("idle_seconds = [1]", "give a whole number"),
        ('auto_threshold = "high"', "give a number"),
    ],
)
def test_a_wrong_file_of_settings_is_refused_with_its_place(tmp_path, text, says):
    write(tmp_path, text)
    with pytest.raises(Rejected) as caught:
        settings.load()
    assert says in str(caught.value)
    assert str(tmp_path / "muniment.toml") in str(caught.value)


def test_a_wrong_variable_is_named(monkeypatch):
    monkeypatch.setenv("MUNIMENT_IDLE_SECONDS", "soon")
    with pytest.raises(Rejected, match="MUNIMENT_IDLE_SECONDS"):
        settings.load()


def test_a_home_inside_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Rejected, match="is not a folder: set MUNIMENT_HOME"):
        settings.load({"home": tmp_path / "file"})


def test_a_password_in_the_settings_is_not_in_their_text():
    loaded = settings.load({"database_url": "postgresql://clerk:geheim@host/base"})
    assert "geheim" not in repr(loaded)
    assert loaded["database_url"].endswith("geheim@host/base")
