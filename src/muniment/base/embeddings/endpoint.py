"""An endpoint of the OpenAI kind over HTTP: DeepInfra, OpenAI, Ollama, and servers that speak as they do.

Made by `choose`. What it answers is hostile until checked: count, order, dimension, numbers and size. Redirects are
never followed, and the API key stands in no error, log or name.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from muniment.base import clock
from muniment.base.embeddings.types import Model, Vectors, normalised, prepared
from muniment.base.errors import MunimentError, Permanent, Rejected, Retryable

if TYPE_CHECKING:
    from muniment.base.embeddings.types import Array

BATCH = 64
"""Texts sent at once; Ollama and DeepInfra take more, some servers no more than this."""

LARGEST_DIMENSION = 4_000
"""The most that an index of the database takes (half precision)."""

_ANSWER_BYTES = 1 << 20
_BYTES_PER_TEXT = 32 * LARGEST_DIMENSION
_BLOCK = 1 << 16
_SHOWN = 200
_TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait and how often to ask again.

    Attributes:
        seconds: for one answer, from its first to its last byte.
        attempts: how often a batch is sent before giving up.
        first: seconds before the second attempt, doubled for each further one (with jitter).
        longest: the longest wait between attempts, also where the server asks for more.
        sleep: how to wait.
    """

    seconds: float = 60.0
    attempts: int = 5
    first: float = 0.5
    longest: float = 60.0
    sleep: Callable[[float], None] = time.sleep


class Endpoint:
    """A model of an endpoint, called by the host and the model's name."""

    def __init__(self, url: str, model: str, key: str = "", patience: Patience = Patience()) -> None:
        """Name the endpoint; nothing is asked yet.

        Raises:
            Rejected: the URL is none, or would carry the key unencrypted to another machine.
        """
        parts = _checked(url, key)
        self.name = f"{parts.netloc}/{model}"
        self._model = model
        self._link = _Link(url.rstrip("/") + "/embeddings", parts.netloc, key, patience)
        self._dimension = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, in batches.

        Raises:
            Retryable: the endpoint does not answer, or not in time, or has too much to do.
            Permanent: it refuses, or its answer cannot be used.
        """
        import numpy as np

        lines = prepared(texts)
        parts = [self._batch(lines[start : start + BATCH]) for start in range(0, len(lines), BATCH)]
        values = np.concatenate(parts) if parts else np.zeros((0, self._dimension), np.float32)
        return Vectors(Model(self.name, self._dimension), values)

    def _batch(self, lines: Sequence[str]) -> Array:
        import numpy as np

        try:
            answer = self._link.ask(
                {"model": self._model, "input": list(lines), "encoding_format": "float"}, len(lines)
            )
        except _TooLarge:
            if len(lines) == 1:
                raise
            half = len(lines) // 2
            return np.concatenate([self._batch(lines[:half]), self._batch(lines[half:])])
        return self._read(answer, len(lines))

    def _read(self, answer: Any, count: int) -> Array:
        """The vectors of an answer, in the order of the texts."""
        import numpy as np

        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
            raise self._unusable("has no list `data`")
        if len(data) != count:
            raise self._unusable(f"has {len(data)} vectors for {count} texts")
        places = [one.get("index", number) for number, one in enumerate(data)]
        if any(type(place) is not int for place in places) or sorted(places) != list(range(count)):
            raise self._unusable("does not say which vector is of which text")
        rows = [one.get("embedding") for _, one in sorted(zip(places, data, strict=True), key=lambda pair: pair[0])]
        sizes = {len(row) if isinstance(row, list) else 0 for row in rows}
        wanted = self._dimension or max(sizes)
        if sizes != {wanted} or not 0 < wanted <= LARGEST_DIMENSION:
            raise self._unusable(f"has vectors of {sorted(sizes)} dimensions where {wanted or 'some'} are expected")
        try:
            values = np.array(rows)
        except ValueError:
            raise self._unusable("has vectors that are not lists of numbers") from None
        if values.ndim != 2 or values.dtype.kind not in "if":  # noqa: PLR2004 - texts x dimension
            raise self._unusable("has vectors that are not lists of numbers")
        values = values.astype(np.float64)
        if not np.isfinite(values).all() or not (abs(values).max(axis=1) > 0).all():
            raise self._unusable("has vectors with no direction (not a number, infinite, or nothing but zeros)")
        self._dimension = wanted
        return normalised((values / abs(values).max(axis=1, keepdims=True)).astype(np.float32))

    def _unusable(self, why: str) -> Permanent:
        return Permanent(f"the answer of {self.name} {why}: it cannot be used, check embedding_url and embedding_model")


def _checked(url: str, key: str) -> SplitResult:
    shape = "embedding_url must be an address such as https://api.deepinfra.com/v1/openai"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Rejected(f"{shape}: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise Rejected(shape)
    if parts.username or parts.password:
        raise Rejected(f"{shape}: give the key in embedding_key, not in the address")
    if not url.isascii() or any(char <= " " for char in url):
        raise Rejected(f"{shape}: it has signs that no address has")
    if key and (not key.isascii() or not key.isprintable()):
        raise Rejected("embedding_key has signs that no key has: was more than the key copied?")
    if key and parts.scheme == "http" and not _is_here(parts.hostname):
        raise Rejected(f"embedding_url would carry the key unencrypted to {parts.hostname}: use https")
    return parts


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _TooLarge(Permanent):
    """The endpoint takes no batch of that size: the text is too long for it."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: it could lead to an address inside the network."""

    def redirect_request(self, *_: Any) -> None:
        """Never follow."""


@dataclass(frozen=True, slots=True)
class _Link:
    """One address to post to, with the patience for it."""

    address: str
    host: str
    key: str = field(repr=False)
    patience: Patience

    def ask(self, question: Any, texts: int) -> Any:
        """Post JSON and read JSON, again and again while that may help."""
        wait = self.patience.first
        for left in range(self.patience.attempts - 1, -1, -1):
            try:
                return self._once(json.dumps(question).encode(), _ANSWER_BYTES + texts * _BYTES_PER_TEXT)
            except Retryable as error:
                if not left:
                    raise Retryable(f"{error}, also after {self.patience.attempts} attempts", error.after) from None
                pause = max(error.after, wait * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret
                self.patience.sleep(min(pause, self.patience.longest))
                wait *= 2
        raise AssertionError(self.patience)  # pragma: no cover - at least one attempt is made

    def _once(self, body: bytes, limit: int) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "muniment"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.address, body, headers)  # noqa: S310 - the scheme was checked
        opener = urllib.request.build_opener(_NoRedirects)
        try:
            with opener.open(request, timeout=self.patience.seconds) as answer:
                return self._json(self._body(answer, limit))
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error) from None
        except MunimentError:
            raise
        except TimeoutError:
            raise Retryable(f"{self.host} did not answer within {self.patience.seconds:g} seconds", 0) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError | socket.timeout):
                raise Retryable(f"{self.host} did not answer within {self.patience.seconds:g} seconds", 0) from None
            raise Retryable(f"{self.host} cannot be reached ({self._said(reason)})", 0) from None

    def _body(self, answer: Any, limit: int) -> bytes:
        """The whole body, within the time and the size that one answer may take."""
        until = time.monotonic() + self.patience.seconds
        blocks, size = [], 0
        while block := answer.read1(_BLOCK):
            blocks.append(block)
            size += len(block)
            if size > limit:
                raise Permanent(f"the answer of {self.host} is larger than {limit:,} bytes: it was not read")
            if time.monotonic() > until:
                raise Retryable(f"{self.host} did not end its answer within {self.patience.seconds:g} seconds", 0)
        if answer.length:
            raise Retryable(f"{self.host} broke off its answer", 0)
        return b"".join(blocks)

    def _json(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise Permanent(f"the answer of {self.host} is not JSON: check embedding_url") from None

    def _refused(self, error: urllib.error.HTTPError) -> MunimentError:
        code = error.code
        if 300 <= code < 400:  # noqa: PLR2004 - the class of redirects
            return Permanent(f"{self.host} answers with a redirect, which is not followed: correct embedding_url")
        if code in {401, 403}:
            return Permanent(f"{self.host} refuses the key (HTTP {code}): set MUNIMENT_EMBEDDING_KEY to a valid one")
        if code == _TOO_LARGE:
            return _TooLarge(f"{self.host} finds the text too long (HTTP {code})")
        said = self._explanation(error)
        if code in _TRY_AGAIN:
            return Retryable(f"{self.host} cannot answer now (HTTP {code}{said})", self._asked(error))
        return Permanent(f"{self.host} refuses (HTTP {code}{said}): check embedding_url and embedding_model")

    def _asked(self, error: urllib.error.HTTPError) -> float:
        """Seconds that Retry-After asks for (RFC 9110, 10.2.3): a number, or a date."""
        told = (error.headers.get("Retry-After") or "").strip()
        if told.isascii() and told.isdigit():
            return min(float(told[:9]), self.patience.longest)
        try:
            seconds = (parsedate_to_datetime(told) - clock.now()).total_seconds()
        except (TypeError, ValueError, OverflowError):  # no date, or a year that no calendar has
            return 0.0
        return min(max(seconds, 0.0), self.patience.longest)

    def _explanation(self, error: urllib.error.HTTPError) -> str:
        try:
            body = json.loads(error.read1(_BLOCK))
            told = body["error"]["message"] if isinstance(body["error"], dict) else body["error"]
        except (OSError, http.client.HTTPException, ValueError, RecursionError, TypeError, KeyError):
            return ""
        return f": {self._said(told)}" if isinstance(told, str) else ""

    def _said(self, text: Any) -> str:
        """Words of the other side: without the key, on one line, not too long."""
        told = str(text)
        told = told.replace(self.key, "...") if self.key else told
        return " ".join(told.split())[:_SHOWN]
