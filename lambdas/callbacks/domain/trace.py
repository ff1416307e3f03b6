"""A place in a trace that spans both sides, as W3C Trace Context has it.

https://www.w3.org/TR/trace-context/
"""

import re
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Trace:
    """`trace_id` (32 hexadecimal digits) is the same on both sides, `span_id` (16) the sender's."""

    trace_id: str
    span_id: str
    flags: str

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def parse_traceparent(text: object) -> Trace | None:
    """None for whatever is no traceparent of version 00: nobody is refused for that."""
    found = _TRACEPARENT.fullmatch(text) if isinstance(text, str) else None
    return Trace(*found.groups()) if found else None
