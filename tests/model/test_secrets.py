"""What of a raw cell is never shown."""

import pytest

from muniment import model

NAMES = "password Passwort passwd admin_password PWD ClientSecret api_key APIKey token accessToken ConnectionString"


@pytest.mark.parametrize(
    "column", [*NAMES.split(), "connection string", "Password (root)", "iLO Password", "Secret Access Key"]
)
def test_a_column_of_secrets_is_known_by_its_header(column):
    assert model.is_secret(column)
    assert model.masked("hunter2", column) == model.HIDDEN


@pytest.mark.parametrize(
    "column", ["Password last set", "pwdLastSet", "PasswordNeverExpires", "Secretary", "Host key type", "Key", "Name"]
)
def test_a_column_about_secrets_is_shown(column):
    assert model.masked("2024-01-02", column) == "2024-01-02"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://admin:Secret@Host/x", "https://***@Host/x"),
        ("see https://a:b@h/x and ssh://u@h", "see https://***@h/x and ssh://***@h"),
        ("https://admin:Se/cr@et@host/x", "https://***@host/x"),
        ("admin:Secret@host", "***@host"),
        ("Server=db;Password=Secret;Port=1", "Server=db;Password=***;Port=1"),
        ("https://h/x?token=abc&y=1", "https://h/x?token=***&y=1"),
        ("jane@example.com", "jane@example.com"),
        ("mailto:jane@example.com", "mailto:jane@example.com"),
        ("https://host:8443/users/@jane", "https://host:8443/users/@jane"),
    ],
)
def test_user_names_and_passwords_within_a_text_are_masked(text, shown):
    assert model.masked(text) == shown


def test_a_url_says_that_its_password_was_left_out():
    read = model.normalise(model.attribute("url"), "https://admin:Secret@Host/Path")
    assert (read.values, read.note) == (("https://host/Path",), "user name and password left out")


def test_a_problem_with_a_url_tells_no_password():
    assert "Secret" not in model.normalise(model.attribute("url"), "https://admin:Secret@two words").problem
