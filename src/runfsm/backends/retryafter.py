"""Readers of the headers by which a service asks a client to wait. Pure.

`Retry-After` has two forms, seconds and a date, and a date has three (RFC 9110, 10.2.3 and 5.6.7).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = ["read_retry_after"]


def read_retry_after(headers: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Return how long the service asks to wait, or until when.

    A date is compared with the answer's own `Date`, as the two clocks may differ. Where an answer
    has none, only the driver's clock can tell how long the wait is.

    Returns:
        Seconds to wait, and a moment in Unix seconds: at most one of them is known.

    Example:
        >>> read_retry_after({"retry-after": "7"})
        (7.0, None)
        >>> read_retry_after({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"})
        (None, 60.0)
    """
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if (wait_s := _seconds(headers.get(name), scale)) is not None:
            return wait_s, None
    moment = _moment(headers.get("retry-after"))
    sent_at = _moment(headers.get("date"))
    if moment is None or sent_at is None:
        return None, moment
    return max(0.0, moment - sent_at), None


def _seconds(text: str | None, scale: float) -> float | None:
    try:
        seconds = float(text or "") * scale
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _moment(text: str | None) -> float | None:
    """The moment of an HTTP date, in any of its three forms; they are all in UTC."""
    if text is None or text.count(":") != 2:  # two proxies, two dates in one header
        return None
    try:
        date = parsedate_to_datetime(text)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
