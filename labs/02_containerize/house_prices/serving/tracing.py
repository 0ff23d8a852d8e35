"""Follow one request through several services: a request id for people, W3C Trace Context for tools."""

import re
import secrets
from dataclasses import dataclass

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a request belongs.

    Attributes
    ----------
    request_id : the caller's ``X-Request-ID``, or one that was made up.
    trace_id, span_id, flags : of the Trace Context; the span is this service's own part of the trace.
    """

    request_id: str
    trace_id: str
    span_id: str
    flags: str

    @property
    def traceparent(self) -> str:
        """The header for whatever comes after, and for the answer."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    @property
    def ids(self) -> dict[str, str]:
        """What a line of the log names."""
        return {"request_id": self.request_id, "trace_id": self.trace_id, "span_id": self.span_id}


def trace_of(request_id: str | None, traceparent: str | None) -> Trace:
    """Continue the trace that a request's headers name, or begin one; what is malformed is ignored, as W3C asks."""
    known = TRACEPARENT.fullmatch((traceparent or "").strip())
    if known and known[0].startswith("00-") and known[3]:
        known = None  # version 00 has four parts, no more
    return Trace(
        request_id if request_id and REQUEST_ID.fullmatch(request_id) else secrets.token_hex(16),
        known[1] if known else secrets.token_hex(16),
        secrets.token_hex(8),
        known[2] if known else "00",
    )
