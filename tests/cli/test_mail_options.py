"""Options of `fledge serve` about e-mail."""

from pathlib import Path

import pytest

from fledge.cli.mail import PASSWORD_VARIABLE, mail_settings
from fledge.errors import ConfigError
from fledge.serve.mail.settings import MailSettings

GIVEN: dict[str, object] = {
    "host": "smtp.example.org",
    "port": None,
    "security": None,
    "user": None,
    "password_file": None,
    "sender": "Fledge@example.org",
    "public_url": "https://chat.example.org/",
    "path_prefix": "",
    "login": True,
}


def made(**changed: object) -> MailSettings | None:
    return mail_settings(**{**GIVEN, **changed})


def test_the_usual_settings_are_a_few_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    url = "https://chat.example.org"
    assert made(user="fledge") == MailSettings(
        "smtp.example.org", 587, "starttls", "fledge", "secret", "fledge@example.org", url
    )
    assert made() == MailSettings(
        "smtp.example.org", 587, "starttls", None, "", "fledge@example.org", url
    )
    for security, port in (("tls", 465), ("none", 25)):
        found = made(security=security)
        assert found is not None and found.port == port
    found = made(path_prefix="/fledge/", public_url="http://[::1]:80/fledge")
    assert found is not None and found.public_url == "http://[::1]:80/fledge"


def test_the_password_is_the_files_first_line_end_removed(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(" a secret \n", encoding="utf-8")
    found = made(user="fledge", password_file=path)
    assert found is not None and found.password == " a secret "


def test_without_a_host_there_is_no_mail_and_no_option_about_it() -> None:
    none = dict.fromkeys(("host", "sender", "public_url"))
    assert made(**none) is None
    for option, value in {
        "port": 25,
        "security": "tls",
        "user": "fledge",
        "password_file": Path("x"),
        "sender": "a@example.org",
        "public_url": "https://chat.example.org",
    }.items():
        with pytest.raises(ConfigError, match="without --smtp-host, no e-mail is sent: --"):
            made(**{**none, option: value})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"login": False}, "--smtp-host with --no-login: there are no accounts"),
        ({"sender": None}, "--smtp-host needs --mail-from"),
        ({"public_url": None}, "and --public-url, the address that people open"),
        ({"host": "smtp.example.org:25"}, "the port goes to --smtp-port"),
        ({"host": "smtp\r\n.org"}, "--smtp-host 'smtp.r.n.org': expected a name"),
        ({"port": 0}, "--smtp-port 0: expected a number from 1 to 65535"),
        ({"security": "ssl"}, "--smtp-security ssl: expected one of starttls, tls, none"),
        ({"sender": "fledge"}, "--mail-from 'fledge': expected an e-mail address"),
        ({"sender": "a@b.org\nBcc: c@d.org"}, "--mail-from"),
        ({"public_url": "chat.example.org"}, "expected the address that people open"),
        ({"public_url": "ftp://chat.example.org"}, "--public-url"),
        ({"public_url": "https://me@chat.example.org"}, "--public-url"),
        ({"public_url": "https://chat.example.org/?x"}, "--public-url"),
        ({"public_url": "https://chat.example.org/other"}, "--public-url"),
        ({"public_url": "https://chat.example.org\r\n/"}, "--public-url"),
        ({"path_prefix": "/fledge"}, "such as https://chat.example.org/fledge"),
        ({"user": "fledge"}, f"environment variable {PASSWORD_VARIABLE} has none"),
        ({"user": "fledge", "password_file": Path("gone")}, "gone cannot be read"),
        ({"password_file": Path("gone")}, "without --smtp-user, nobody logs in"),
    ],
)
def test_a_wrong_option_is_named(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, object], said: str
) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match=said):
        made(**changed)


def test_a_password_never_crosses_a_network_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    with pytest.raises(ConfigError, match="would send the password to smtp"):
        made(user="fledge", security="none")
    assert made(user="fledge", security="none", host="localhost") is not None
    monkeypatch.setenv(PASSWORD_VARIABLE, "gehëim")
    with pytest.raises(ConfigError, match="letters of ASCII only"):
        made(user="fledge")
