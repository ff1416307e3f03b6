"""A channel as it is registered: what the functions know of a task type at run time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from callbacks.domain.callback import ENVELOPE_BYTES, MOST_BODY_BYTES
from callbacks.domain.routes import suffix


@dataclass(frozen=True, slots=True)
class Contract:
    """One live version: JSON Schemas (draft-04) as text, of what is sent and what comes back."""

    request: str = field(repr=False)
    callback: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """`callback_url` is the route of v1; messages are of `message_version`, one of `versions`.

    `reporters` are the ids of the roles that may report a message as undeliverable, `source_ranges`
    the networks that OAuth2 clients call from, for those that are limited. Sizes are bytes, times
    are seconds.
    """

    task_type: str
    enabled: bool
    topic_arn: str
    partner_accounts: frozenset[str]
    callback_url: str
    callback_id_required: bool
    max_output_bytes: int
    timeout_seconds: int
    heartbeat_seconds: int | None
    message_version: str
    versions: Mapping[str, Contract]
    reporters: frozenset[str] = frozenset()
    source_ranges: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def takes_calls_from(self, principal: str, address: str) -> bool:
        ranges = self.source_ranges.get(principal)
        return ranges is None or any(ip_address(address) in ip_network(each) for each in ranges)

    @property
    def max_body_bytes(self) -> int:
        """Of a callback as it is posted, with its white space and its escapes."""
        return min(MOST_BODY_BYTES, self.max_output_bytes + ENVELOPE_BYTES)

    @property
    def message_url(self) -> str:
        """Where callbacks for a message are posted: the route of its version."""
        return self.callback_url + suffix(self.message_version)
