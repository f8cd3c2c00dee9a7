"""Options of `fledge serve` that describe an OpenID Connect provider."""

from pathlib import Path

import pytest

from fledge.cli.oidc import oidc_secret, oidc_settings
from fledge.errors import ConfigError
from fledge.serve.accounts.provider import OidcSettings

ISSUER = "https://login.example.org"


def test_a_provider_is_described_by_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEDGE_OIDC_CLIENT_SECRET", " secret\n")
    found = oidc_settings(
        ISSUER, "fledge", None, None, True, " Example.org, @b.example,,", login=True
    )
    assert found == OidcSettings(
        ISSUER, "fledge", "secret", "single sign-on", True, ("example.org", "b.example")
    )
    assert oidc_settings(None, None, None, None, False, None, login=False) is None


def test_the_secret_of_a_file_goes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEDGE_OIDC_CLIENT_SECRET", "other")
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    assert oidc_secret(file) == "s3cret"
    file.write_text("\n")
    with pytest.raises(ConfigError, match="has no client secret"):
        oidc_secret(file)


def test_domains_that_name_none_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty list would let everybody in, which nobody means who gives the option."""
    monkeypatch.setenv("FLEDGE_OIDC_CLIENT_SECRET", "secret")
    with pytest.raises(ConfigError, match="names no domain"):
        oidc_settings(ISSUER, "fledge", None, None, True, " , ", login=True)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from fledge.serve.accounts.provider import Provider

    monkeypatch.setitem(sys.modules, "joserfc", None)
    monkeypatch.delitem(sys.modules, "fledge.serve.accounts.id_tokens", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'fledge\[oidc\]'"):
        Provider(OidcSettings(ISSUER, "fledge", "secret", "Owl ID"))
