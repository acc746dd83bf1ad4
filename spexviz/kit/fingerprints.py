"""Names for what something holds: equal where all fields are equal, on every machine."""

from __future__ import annotations

import hashlib
import json

DIGITS = 24  # of SHA-256, in hex: 96 bits


def fingerprint_of(kind: str, fields: object) -> str:
    """`kind` and the first digits of the SHA-256 of the fields' JSON.

    Raises TypeError for fields without a JSON form.
    """
    # a text may hold half a surrogate pair, which plain UTF-8 refuses
    content = json.dumps(fields).encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(content).hexdigest()
    return f"{kind}-{digest[:DIGITS]}"
