"""Reasons for which a login through an OpenID Connect provider fails; the login page shows them."""

from fledge.errors import FledgeError


class ProviderFailed(FledgeError):
    """The provider cannot be reached, refuses this server, or breaks the protocol."""


class TokenRefused(FledgeError):
    """ID token that does not show who logs in, and is not believed."""


class LoginRefused(FledgeError):
    """The provider's word does not log anybody in here."""
