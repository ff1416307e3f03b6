"""Traces: what is a traceparent of version 00, and what is none."""

import pytest
from callbacks.domain.trace import parse_traceparent

from tests.support.tasks import TRACE

TRACE_ID, SPAN_ID = TRACE.trace_id, TRACE.span_id


@pytest.mark.parametrize("flags", ["00", "01", "03", "ff"])
def test_a_traceparent_is_read_and_written_alike(flags: str) -> None:
    text = f"00-{TRACE_ID}-{SPAN_ID}-{flags}"

    trace = parse_traceparent(text)

    assert trace is not None
    assert (trace.trace_id, trace.span_id, trace.traceparent) == (TRACE_ID, SPAN_ID, text)


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "shipped!",
        f"00-{TRACE_ID}-{SPAN_ID}",
        f"00-{TRACE_ID}-{SPAN_ID}-01-",
        f"00-{TRACE_ID}-{SPAN_ID}-01\n",
        f" 00-{TRACE_ID}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID}-01,00-{TRACE_ID}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID}-1",
        f"00-{TRACE_ID}-{SPAN_ID}-0x",
        f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID.upper()}-01",
        f"00-{TRACE_ID}-{SPAN_ID}-FF",
        f"00-{TRACE_ID[1:]}-{SPAN_ID}-01",
        f"00-{TRACE_ID}0-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID[1:]}-01",
        f"00-{TRACE_ID}-{SPAN_ID}0-01",
        f"00-{'0' * 32}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID[1:]}\u0663-{SPAN_ID}-01",
        f"01-{TRACE_ID}-{SPAN_ID}-01",
        f"ff-{TRACE_ID}-{SPAN_ID}-01",
    ],
)
def test_whatever_else_there_is_stands_for_no_trace(text: object) -> None:
    assert parse_traceparent(text) is None


@pytest.mark.parametrize(
    ("trace_id", "span_id"),
    [("0" * 31 + "1", SPAN_ID), ("1" + "0" * 31, SPAN_ID), (TRACE_ID, "0" * 15 + "1")],
)
def test_an_id_that_is_not_all_zeros_is_one(trace_id: str, span_id: str) -> None:
    assert parse_traceparent(f"00-{trace_id}-{span_id}-01") is not None
