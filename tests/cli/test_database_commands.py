"""`fledge backup`, `restore`, `password`, and the options of `serve` about people."""

from pathlib import Path

import pytest

from fledge.cli.app import run
from fledge.cli.database import default_database
from fledge.database import open_database
from fledge.errors import ConfigError
from fledge.generate import SamplingParams
from fledge.serve.accounts.passwords import Passwords
from fledge.serve.accounts.setup import OwnerSetup
from fledge.serve.launch import first_page, launch
from fledge.serve.people.identity import local_owner


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fledge.db"
    database = open_database(path)
    database.accounts.create("ada", name="Ada", role="owner", password_hash="-")
    database.close()
    return path


def test_a_backup_is_restored_by_command(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["backup", str(file), str(tmp_path / "copy.db")]) == 0
    assert "copy.db: 1 rows" in capsys.readouterr().err
    assert run(["restore", str(tmp_path / "copy.db"), str(tmp_path / "new.db")]) == 0
    restored = open_database(tmp_path / "new.db")
    assert [account.login for account in restored.accounts.list()] == ["ada"]
    restored.close()
    assert run(["backup", str(file), str(tmp_path / "copy.db")]) == 2
    assert "already exists" in capsys.readouterr().err


def test_a_lost_password_is_set_where_the_database_is(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "correct horse battery")
    assert run(["password", "Ada", "--database", str(file)]) == 0
    database = open_database(file)
    found = database.accounts.password_hash("ada")
    assert found is not None
    assert Passwords().verify(found[1], "correct horse battery")
    database.close()
    monkeypatch.setenv("FLEDGE_DATABASE", str(file))
    assert run(["password", "eve"]) == 1
    assert "there is no username 'eve' here; usernames: ada" in capsys.readouterr().err


def test_a_server_without_login_stays_on_this_machine(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--no-login makes everyone who can reach 0\.0\.0\.0"):
        launch(
            [],
            sampling=SamplingParams(),
            announce=print,
            host="0.0.0.0",
            database=tmp_path / "new.db",
            login=False,
        )
    assert not (tmp_path / "new.db").exists()


def test_the_first_page_makes_the_owner_once(tmp_path: Path) -> None:
    database = open_database(tmp_path / "new.db")
    setup = OwnerSetup(database.accounts, login=True)
    assert first_page("http://localhost", setup) == f"http://localhost/setup?token={setup.token}"
    local = OwnerSetup(database.accounts, login=False)
    assert first_page("http://localhost", local) == "http://localhost"
    owner = local_owner(database)
    database.accounts.change(owner.id, password_hash="-")
    closed = OwnerSetup(database.accounts, login=True)
    assert first_page("http://localhost", closed) == "http://localhost"
    database.close()


def test_the_database_is_among_the_users_own_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_database() == tmp_path / "fledge" / "fledge.db"
