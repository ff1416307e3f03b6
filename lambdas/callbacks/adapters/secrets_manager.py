"""Signing secrets in Secrets Manager."""

import json
from collections.abc import Sequence

from callbacks.adapters.aws import ClientFactory, unavailable
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Clock

CACHED_SECONDS = 300


class SigningSecrets:
    """The signing secrets of one webhook: a secret holding `{"current": ..., "previous": ...}`.

    `previous` is there while a secret is rotated. What was read is kept for five minutes.
    """

    def __init__(self, client: ClientFactory, secret_id: str, clock: Clock) -> None:
        self._client = client
        self._secret_id = secret_id
        self._clock = clock
        self._cached: tuple[float, Sequence[str]] | None = None

    def __call__(self) -> Sequence[str]:
        """The newest first. Raises DependencyUnavailable."""
        now = self._clock.now()
        if self._cached is None or now - self._cached[0] >= CACHED_SECONDS:
            self._cached = (now, self._read())
        return self._cached[1]

    def _read(self) -> Sequence[str]:
        with unavailable(DependencyUnavailable, "GetSecretValue"):
            response = self._client().get_secret_value(SecretId=self._secret_id)
        document = json.loads(response["SecretString"])
        return [document[name] for name in ("current", "previous") if document.get(name)]
