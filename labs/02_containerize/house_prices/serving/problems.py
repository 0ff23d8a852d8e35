"""Say what is wrong with a request in the form of RFC 9457, `application/problem+json`."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Response
from pydantic import ValidationError

MEDIA_TYPE = "application/problem+json"
LONGEST_VALUE = 64


def problem(
    status: int, title: str, detail: str = "", *, errors: Sequence[dict[str, str]] = (), **headers: str
) -> Response:
    """Return an answer that says what is wrong.

    Parameters
    ----------
    status : of HTTP.
    title : the same for all problems of a kind.
    detail : about this one.
    errors : one for each bad field, see `field_errors`.
    headers : of the answer, as ``Retry_After="1"``.
    """
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    answer = Response(json.dumps(body), status, mimetype=MEDIA_TYPE)
    answer.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return answer


def field_errors(error: ValidationError) -> list[dict[str, str]]:
    """Return an entry for each bad field of a request, all of them at once.

    Each has a ``pointer``, the RFC 6901 JSON Pointer to the field in the request's body (``/houses/3/tot_sf``), a
    ``detail`` in words, what was wanted, and ``got``, the value as `shown`; a field that is missing has no ``got``. In
    a pointer ``~`` reads ``~0`` and ``/`` reads ``~1``.

    Parameters
    ----------
    error : its ``errors()`` have the path of the field in ``loc``, the words in ``msg``, a ``type`` (``missing`` for a
        field that is not there) and the value in ``input``.
    """
    # TASK 2.2: name every bad field at once
    entries = []
    for each in error.errors(include_url=False, include_context=False):
        parts = (str(part).replace("~", "~0").replace("/", "~1") for part in each["loc"])
        entry = {"pointer": "".join(f"/{part}" for part in parts), "detail": each["msg"]}
        if each["type"] != "missing":
            entry["got"] = shown(each["input"])
        entries.append(entry)
    return entries
    # END TASK 2.2


def shown(value: object) -> str:
    """Return a value of a request as JSON, cut to ``LONGEST_VALUE`` characters; of objects and lists their kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value):,}"
    text = json.dumps(value[:LONGEST_VALUE] if isinstance(value, str) else value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
