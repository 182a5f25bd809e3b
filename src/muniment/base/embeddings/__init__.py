"""Text into vectors, behind one port: an `Embedder` gives vectors and the name of the model that made them.

Three adapters: built in (`lexical`: no download, no network), a model in a local folder (`local`), an endpoint
of the OpenAI kind over HTTP (`endpoint`). `open_embedder` makes the one that settings name; `with_fallback` lets
the built-in one answer where that cannot, and says so; `cached` keeps what was computed. Vectors of different
models are never comparable: whoever stores them stores the model beside them.
"""

from muniment.base.embeddings.cache import cached, prune
from muniment.base.embeddings.choose import built_in, open_embedder, with_fallback
from muniment.base.embeddings.types import Embedder, Model, Vectors

__all__ = ["Embedder", "Model", "Vectors", "built_in", "cached", "open_embedder", "prune", "with_fallback"]
