"""Traces are continued as W3C Trace Context says, and begun anew where the header says nothing that can be trusted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house_prices.serving.tracing import trace_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_trace_goes_on_with_a_span_of_our_own() -> None:
    trace = trace_of("mine-1", f"00-{TRACE}-{SPAN}-01")
    assert (trace.request_id, trace.trace_id, trace.flags) == ("mine-1", TRACE, "01")
    assert trace.span_id != SPAN
    assert trace.traceparent == f"00-{TRACE}-{trace.span_id}-01"


@pytest.mark.parametrize(
    "traceparent",
    [
        f"cc-{TRACE}-{SPAN}-01",
        f"01-{TRACE}-{SPAN}-01-what-the-future-will-bring",
        f" 00-{TRACE}-{SPAN}-01\t",
    ],
)
def test_a_later_version_and_blanks_are_accepted(traceparent: str) -> None:
    trace = trace_of(None, traceparent)
    assert trace.trace_id == TRACE
    assert trace.traceparent.startswith("00-")


@pytest.mark.parametrize(
    "traceparent",
    [
        None,
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-more",
        f" 00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-01\n00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01",
        f"0g-{TRACE}-{SPAN}-01",
    ],
)
def test_what_is_malformed_begins_a_new_trace(traceparent: str | None) -> None:
    trace = trace_of(None, traceparent)
    assert trace.trace_id != TRACE
    assert trace.flags == "00"


@given(request_id=st.none() | st.text(), traceparent=st.none() | st.text())
def test_whatever_comes_in_what_goes_on_is_well_formed(request_id: str | None, traceparent: str | None) -> None:
    trace = trace_of(request_id, traceparent)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", trace.traceparent)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", trace.request_id)


@pytest.mark.parametrize("request_id", ["", "a b", "a\nb", "é", "x" * 65, 'a"b'])
def test_a_request_id_that_would_spoil_a_log_is_replaced(request_id: str) -> None:
    assert trace_of(request_id, None).request_id != request_id


def test_two_requests_are_told_apart() -> None:
    first, second = trace_of(None, None), trace_of(None, None)
    assert len({first.request_id, second.request_id, first.trace_id, second.trace_id}) == 4
