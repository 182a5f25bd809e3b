"""Which embedder to use: what settings name, and the built-in one where that cannot be reached.

Called by flows and doors. The API key goes from the settings into the endpoint and nowhere else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from muniment.base.embeddings.lexical import Lexical
from muniment.base.embeddings.types import Embedder, Vectors
from muniment.base.errors import Permanent, Rejected, Retryable
from muniment.base.settings import Settings

BUILT_IN = "built-in"
LOCAL = "local"


def built_in() -> Embedder:
    """The built-in embedder: no download, no network."""
    return Lexical()


def open_embedder(settings: Settings) -> Embedder:
    """The embedder that `embedding_model` and `embedding_url` name; nothing is loaded or asked yet.

    Raises:
        Rejected: the two do not go together, or the URL is none.
        Permanent: a local model is named that is not there.
    """
    model, url = settings["embedding_model"].strip(), settings["embedding_url"].strip()
    if url:
        if model in {"", BUILT_IN} or model.partition(":")[0] == LOCAL:
            raise Rejected(
                "embedding_url is set, but embedding_model names no model of it: set both, such as thenlper/gte-large"
            )
        from muniment.base.embeddings.endpoint import Endpoint

        return Endpoint(url, model, settings["embedding_key"])
    if model in {"", BUILT_IN}:
        return Lexical()
    kind, _, folder = model.partition(":")
    if kind == LOCAL:
        from muniment.base.embeddings.local import Local

        return Local(folder)
    raise Rejected(
        f"embedding_model = {model!r} is neither {BUILT_IN!r} nor {LOCAL!r} nor 'local:FOLDER': for a model of an "
        "endpoint set embedding_url as well, such as https://api.deepinfra.com/v1/openai"
    )


def with_fallback(embedder: Embedder) -> Embedder:
    """The same, but where it cannot be used now the built-in one answers, with the reason in `Vectors.fallback`.

    Each call is answered by one model as a whole.
    """
    return embedder if isinstance(embedder, Lexical) else _Fallback(embedder)


@dataclasses.dataclass(frozen=True, slots=True)
class _Fallback:
    wanted: Embedder

    @property
    def name(self) -> str:
        return self.wanted.name

    def embed(self, texts: Sequence[str]) -> Vectors:
        try:
            return self.wanted.embed(texts)
        except (Retryable, Permanent) as error:
            return dataclasses.replace(Lexical().embed(texts), fallback=str(error))
