"""ID tokens of an OpenID Connect provider, checked before a word of them is believed.

Needs the `oidc` extra, so it is imported only where a provider is configured.
"""

from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from fledge.serve.accounts.oidc_errors import TokenRefused

Json = dict[str, Any]

ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))
"""Signatures by the provider's private key. Never `none`, nor HMAC with its public key."""
LEEWAY_SECONDS = 60
"""Difference of clocks that is forgiven."""
MOST_HEADER_BYTES = 16_384
"""Room for the chain of certificates that some providers send."""


class IdTokens:
    """Check tokens of one issuer for one client, and keep the issuer's keys between logins."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        fetch_keys: Callable[[], Json],
        clock: Callable[[], float],
    ) -> None:
        """`fetch_keys` returns the key set as JSON; `clock` gives seconds since 1970."""
        self._issuer = issuer
        self._client_id = client_id
        self._fetch_keys = fetch_keys
        self._clock = clock
        self._keys: KeySet | None = None
        self._headers = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        self._headers.max_header_length = MOST_HEADER_BYTES

    def claims(self, token: str, nonce: str) -> Json:
        """Return the claims of a token that the issuer signed for this client and this login.

        Raises:
            TokenRefused: the signature, issuer, audience, time or nonce is wrong.
        """
        rules = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            sub={"essential": True},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = self._signed(token)
            rules.validate(claims)
        except (JoseError, ValueError, LookupError, TypeError) as error:
            raise TokenRefused(f"the provider's ID token is not valid ({error})") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise TokenRefused("the provider's ID token was issued to another application")
        return claims

    def _signed(self, token: str) -> Json:
        """Return the claims of a token with a right signature.

        The keys are fetched anew once where those that are kept do not fit: providers change them.
        """
        kept = self._keys
        if kept is not None:
            try:
                return self._decoded(token, kept)
            except (InvalidKeyIdError, BadSignatureError):
                pass
        self._keys = KeySet.import_key_set(self._fetch_keys())  # type: ignore[arg-type]
        return self._decoded(token, self._keys)

    def _decoded(self, token: str, keys: KeySet) -> Json:
        return jwt.decode(token, keys, algorithms=ALGORITHMS, registry=self._headers).claims
