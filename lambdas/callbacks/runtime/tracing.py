"""The trace that an invocation belongs to."""

import os
from collections.abc import Mapping

from callbacks.domain.trace import Trace, parse_traceparent


def current_trace(environ: Mapping[str, str] = os.environ) -> Trace | None:
    """None unless Lambda's X-Ray header names trace and segment, as it does with active tracing.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    header = environ.get("_X_AMZN_TRACE_ID", "")
    said = dict(part.partition("=")[::2] for part in header.split(";"))
    version, *trace_id = said.get("Root", "").split("-")
    if version != "1" or [len(part) for part in trace_id] != [8, 24]:
        return None
    flags = "01" if said.get("Sampled") == "1" else "00"
    return parse_traceparent(f"00-{''.join(trace_id)}-{said.get('Parent', '')}-{flags}")
