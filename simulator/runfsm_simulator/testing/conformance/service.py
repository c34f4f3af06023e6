"""The service under test, as the official client reaches it: bodies as they came, nothing typed.

The client's own types would hide what a service forgets. Each request is sent once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import openai

from runfsm_simulator.testing.conformance.behaviour import NotSo
from runfsm_simulator.testing.conformance.exchange import Answer, Exchange

__all__ = ["Event", "Service"]

BETA: Final = {"OpenAI-Beta": "assistants=v2"}
#: These make the client answer with head and body, read or still to be read.
RAW: Final = {"X-Stainless-Raw-Response": "true"}
UNREAD: Final = {"X-Stainless-Raw-Response": "stream"}

EXCHANGES_MAX: Final = 5_000
EVENTS_MAX: Final = 10_000

#: Name and payload of an event of a stream.
Event = tuple[str, Any]


class Service:
    """Asks, and keeps what was asked and answered.

    Args:
        client: a ready client; its key goes nowhere but into its requests.

    Attributes:
        exchanges: what was asked and answered, oldest first.
    """

    def __init__(self, client: openai.OpenAI) -> None:
        self._client = client
        self.exchanges: list[Exchange] = []

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = BETA,
    ) -> Answer:
        """One request.

        Args:
            method: in capitals.
            path: below the client's base URL.
            body: to be sent as JSON.
            query: its parameters.
            headers: in place of the beta header.

        Raises:
            NotSo: no answer came.
        """
        options = {"headers": {**headers, **RAW}, "params": dict(query or {}), "max_retries": 0}
        sent = {} if method == "GET" or body is None else {"body": body}
        call = getattr(self._client, method.lower())
        try:
            response = call(path, cast_to=object, options=options, **sent).http_response
        except openai.APIStatusError as error:
            response = error.response
        except openai.APIConnectionError as error:
            raise NotSo(f"{method} {path}", "an answer", type(error).__name__) from error
        answer = Answer(response.status_code, dict(response.headers), _json(response))
        return self._kept(Exchange(method, path, {"body": body, "query": query}, answer)).answer

    def events(self, path: str, body: Mapping[str, Any]) -> list[Event]:
        """What a stream tells, to its end.

        Raises:
            NotSo: it was refused, no answer came, or it broke off.
        """
        sent = {**body, "stream": True}
        options = {"headers": {**BETA, **UNREAD}, "max_retries": 0}
        call: Any = self._client.post  # the header makes it answer otherwise than its types say
        try:
            response = call(
                path,
                cast_to=object,
                body=sent,
                options=options,
                stream=True,
                stream_cls=openai.Stream,
            ).http_response
            heard = list(_events(response))
        except Exception as error:  # the client's own, or in the midst of a stream its library's
            raise NotSo(f"the stream of POST {path}", "a stream", _told(error)) from error
        told = [{"event": name, "data": data} for name, data in heard]
        self._kept(Exchange("POST", path, {"body": sent}, Answer(response.status_code, {}, told)))
        return heard

    def _kept(self, exchange: Exchange) -> Exchange:
        if len(self.exchanges) < EXCHANGES_MAX:
            self.exchanges.append(exchange)
        return exchange


def _told(error: Exception) -> str:
    status = getattr(error, "status_code", None)
    return f"{status} ({type(error).__name__})" if status else type(error).__name__


def _json(response: Any) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _events(response: Any) -> Iterator[Event]:
    """Name and payload of each event; `[DONE]` is a text."""
    name = ""
    heard = 0
    try:
        for line in response.iter_lines():
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                data = line.removeprefix("data:").strip()
                yield name, data if data == "[DONE]" else json.loads(data)
                heard += 1
                if name == "done" or heard > EVENTS_MAX:
                    return
    finally:
        response.close()
