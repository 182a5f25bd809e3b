import pytest

from muniment.base import embeddings, settings
from muniment.base.errors import Permanent, Rejected


def opened(**values):
    return embeddings.open_embedder(settings.load({"home": "/nowhere", **values}))


def test_without_settings_it_is_the_built_in_one():
    assert opened().name == embeddings.built_in().name


def test_an_endpoint_is_called_by_its_host_and_model():
    asked = opened(embedding_url="https://api.deepinfra.com/v1/openai", embedding_model="thenlper/gte-large")
    assert asked.name == "api.deepinfra.com/thenlper/gte-large"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"embedding_model": "thenlper/gte-large"}, "set embedding_url as well"),
        ({"embedding_url": "https://x.example/v1"}, "set both"),
        ({"embedding_url": "https://x.example/v1", "embedding_model": "local"}, "set both"),
        ({"embedding_url": "ftp://x.example/v1", "embedding_model": "m"}, "must be an address"),
        ({"embedding_url": "https://", "embedding_model": "m"}, "must be an address"),
        ({"embedding_url": "https://x:99999/v1", "embedding_model": "m"}, "must be an address"),
        ({"embedding_url": "https://me:word@x.example/v1", "embedding_model": "m"}, "not in the address"),
        ({"embedding_url": "http://x.example/v1", "embedding_model": "m", "embedding_key": "k"}, "use https"),
        ({"embedding_url": "https://x.example/v1", "embedding_model": "m", "embedding_key": "k\nX: y"}, "no key has"),
    ],
)
def test_settings_that_do_not_go_together_are_rejected_with_the_cure(values, said):
    with pytest.raises(Rejected, match=said):
        opened(**values)


def test_a_local_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Permanent, match="holds no model"):
        opened(embedding_model=f"local:{tmp_path}")
