"""The trace of an invocation, as Lambda tells it."""

import pytest
from callbacks.runtime.tracing import current_trace

from tests.support.functions import XRAY_HEADER
from tests.support.tasks import TRACE

ROOT = f"1-{TRACE.trace_id[:8]}-{TRACE.trace_id[8:]}"
SPAN = TRACE.span_id


def of(header: str) -> str | None:
    trace = current_trace({"_X_AMZN_TRACE_ID": header})
    return trace.traceparent if trace else None


@pytest.mark.parametrize(
    ("header", "flags"),
    [
        (XRAY_HEADER, "01"),
        (f"Root={ROOT};Parent={SPAN};Sampled=0", "00"),
        (f"Root={ROOT};Parent={SPAN}", "00"),
        (f"Root={ROOT};Parent={SPAN};Sampled=?", "00"),
        (f"Root={ROOT};Parent={SPAN};Sampled=1;Lineage=a87bd80c:1|68fd508a:5", "01"),
        (f"Sampled=1;Self=1-67891234-12456789abcdef012345678;Parent={SPAN};Root={ROOT}", "01"),
    ],
)
def test_a_trace_header_is_a_traceparent(header: str, flags: str) -> None:
    assert of(header) == f"00-{TRACE.trace_id}-{SPAN}-{flags}"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "shipped!",
        ";;==;",
        f"Root={ROOT};Sampled=1",
        f"Parent={SPAN};Sampled=1",
        f"Root=2-{TRACE.trace_id[:8]}-{TRACE.trace_id[8:]};Parent={SPAN};Sampled=1",
        f"Root=1-{TRACE.trace_id};Parent={SPAN};Sampled=1",
        f"Root=1-{TRACE.trace_id[:9]}-{TRACE.trace_id[9:]};Parent={SPAN};Sampled=1",
        f"Root={ROOT}-1;Parent={SPAN};Sampled=1",
        f"Root={ROOT.upper()};Parent={SPAN};Sampled=1",
        f"Root={ROOT};Parent={SPAN[1:]};Sampled=1",
        f"Root={ROOT};Parent={'0' * 16};Sampled=1",
    ],
)
def test_a_header_that_makes_no_sense_is_no_trace(header: str) -> None:
    assert of(header) is None


def test_an_invocation_without_a_header_has_no_trace() -> None:
    assert current_trace({}) is None
