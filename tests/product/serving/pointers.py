"""RFC 6901, read as a client would."""

from typing import Any


def resolve(document: Any, pointer: str) -> Any:
    """Return the value that a JSON Pointer leads to."""
    assert not pointer or pointer.startswith("/")
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document
