import traceback
from datetime import UTC, datetime

import numpy as np
import pytest
from tests.speaker import DIMENSION, good_answer, says, vector

from muniment.base import clock, embeddings
from muniment.base.embeddings.endpoint import BATCH, Endpoint, Patience
from muniment.base.errors import MunimentError, Permanent, Retryable

KEY = "sk-planted-4242"


@pytest.fixture
def waits():
    return []


@pytest.fixture
def endpoint(speaker, waits):
    return Endpoint(speaker.url, "thenlper/gte-large", KEY, Patience(seconds=5, sleep=waits.append))


def unit(text):
    found = np.array(vector(text))
    return found / np.linalg.norm(found)


def test_it_gives_the_vectors_of_the_server_brought_to_length_one_with_the_name_of_the_model(speaker, endpoint):
    made = endpoint.embed(["RAM (GB)", "Serial number"])
    assert made.model == embeddings.Model(f"{speaker.host}/thenlper/gte-large", DIMENSION)
    assert made.values.dtype == np.float32
    assert np.allclose(made.values, [unit("RAM (GB)"), unit("Serial number")], atol=1e-6)
    assert made.fallback == ""
    assert speaker.paths == ["/v1/embeddings"]
    assert speaker.keys == [f"Bearer {KEY}"]
    (asked,) = speaker.requests
    assert asked["model"] == "thenlper/gte-large"
    assert asked["input"] == ["RAM (GB)", "Serial number"]


def test_many_texts_go_in_batches_and_keep_their_order(speaker, endpoint):
    texts = [f"text {number}" for number in range(BATCH * 2 + 3)]
    made = endpoint.embed(texts)
    assert [len(asked["input"]) for asked in speaker.requests] == [BATCH, BATCH, 3]
    assert np.allclose(made.values, [unit(text) for text in texts], atol=1e-6)


def test_an_answer_in_another_order_is_sorted_by_its_index(speaker, endpoint):
    speaker.then(says(lambda texts: {"data": good_answer(texts)["data"][::-1]}))
    assert np.allclose(endpoint.embed(["a", "b"]).values, [unit("a"), unit("b")], atol=1e-6)


def test_a_blank_text_is_never_sent_as_such(speaker, endpoint):
    endpoint.embed(["", " \n "])
    assert all(text.strip() for text in speaker.requests[0]["input"])


def test_a_batch_that_is_too_large_for_the_server_is_halved(speaker, endpoint):
    speaker.then(says({}, 413), says({}, 413))
    texts = [f"text {number}" for number in range(8)]
    made = endpoint.embed(texts)
    assert [len(asked["input"]) for asked in speaker.requests] == [8, 4, 2, 2, 4]
    assert np.allclose(made.values, [unit(text) for text in texts], atol=1e-6)


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_with_growing_waits(speaker, endpoint, waits, code):
    speaker.then(says({}, code), says({}, code), says({}, code))
    assert len(endpoint.embed(["a"]).values) == 1
    assert len(waits) == 3
    assert all(0.5 * bound <= wait <= bound for wait, bound in zip(waits, (0.5, 1, 2), strict=True))


def test_a_server_that_says_when_to_come_back_is_believed_but_not_for_ever(speaker, endpoint, waits):
    clock.set_source(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    try:
        date = "Thu, 01 Jan 2026 00:00:30 GMT"
        speaker.then(
            *(
                says({}, 429, Retry_After=told)
                for told in ("7", date, "86400", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
            )
        )
        endpoint.embed(["a"])
    finally:
        clock.set_source(None)
    assert waits[:3] == [7, 30, 60]
    assert waits[3] <= 4


def test_a_server_that_never_recovers_is_given_up_as_retryable_with_its_words(speaker, endpoint, waits):
    speaker.then(*[says({"error": {"message": "model is\nloading"}}, 503)] * 5)
    with pytest.raises(Retryable, match=r"HTTP 503: model is loading.*5 attempts"):
        endpoint.embed(["a"])
    assert len(waits) == 4


def test_a_server_that_is_not_there_is_retryable(waits):
    gone = Endpoint("http://127.0.0.1:9/v1", "m", "", Patience(attempts=2, sleep=waits.append))
    with pytest.raises(Retryable, match="cannot be reached"):
        gone.embed(["a"])
    assert len(waits) == 1


def test_a_server_that_is_silent_or_slow_is_given_up_in_time(speaker):
    hurried = Endpoint(speaker.url, "m", "", Patience(seconds=0.2, attempts=1))

    def silent(asked, _):
        asked.rfile.read(1)  # until the other side hangs up

    def dripping(asked, _):
        asked.send_response(200)
        asked.send_header("Content-Length", "1000000")
        asked.end_headers()
        try:
            while not stopped:
                asked.wfile.write(b" ")
                asked.wfile.flush()
        except OSError:
            return

    stopped = []
    speaker.then(silent, dripping)
    try:
        for words in ("did not answer within 0.2 seconds", "did not end its answer within 0.2 seconds"):
            with pytest.raises(Retryable, match=words):
                hurried.embed(["a"])
    finally:
        stopped.append(True)


def test_an_answer_that_breaks_off_is_asked_for_again(speaker, endpoint, waits):
    speaker.then(says(good_answer, length="999999"))
    assert len(endpoint.embed(["a"]).values) == 1
    assert len(waits) == 1


def changed(**fields):
    return lambda texts: {"data": [{**one, **fields} for one in good_answer(texts)["data"]]}


HOSTILE = {
    "no list": ({"data": "none"}, "no list `data`"),
    "no objects": ({"data": [1, 2]}, "no list `data`"),
    "too few": (lambda texts: good_answer(texts[:1]), "1 vectors for 2 texts"),
    "too many": (lambda texts: good_answer([*texts, "more"]), "3 vectors for 2 texts"),
    "one place twice": (changed(index=0), "which vector is of which text"),
    "places that are no numbers": (changed(index="0"), "which vector is of which text"),
    "empty vectors": (changed(embedding=[]), r"\[0\] dimensions"),
    "no vectors": (changed(embedding=None), r"\[0\] dimensions"),
    "uneven vectors": (
        lambda texts: {"data": [{"embedding": [1.0] * (place + 3)} for place, _ in enumerate(texts)]},
        r"\[3, 4\] dimensions",
    ),
    "far too long vectors": (changed(embedding=[1] * 5_000), r"\[5000\] dimensions"),
    "not a number": (b'{"data": [{"embedding": [NaN, 1]}, {"embedding": [1, 1]}]}', "no direction"),
    "infinite": (b'{"data": [{"embedding": [1e999, 1]}, {"embedding": [1, 1]}]}', "no direction"),
    "nothing but zeros": (changed(embedding=[0.0] * 5), "no direction"),
    "words for numbers": (changed(embedding=["1", "2"]), "not lists of numbers"),
    "lists for numbers": (changed(embedding=[[1.0], [2.0]]), "not lists of numbers"),
    "uneven lists for numbers": (changed(embedding=[[1.0], [2.0, 3.0]]), "not lists of numbers"),
    "huge whole numbers": (changed(embedding=[10**400, 1]), "not lists of numbers"),
    "not JSON": (b"<html>hello</html>", "not JSON"),
    "not text": (b"\xff\xfe\x00", "not JSON"),
    "nested without end": (b"[" * 100_000, "not JSON"),
    "huge": (b" " * 20_000_000, "larger than"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_refused_at_once_with_the_reason(speaker, endpoint, waits, name):
    answer, said = HOSTILE[name]
    speaker.then(says(answer))
    with pytest.raises(Permanent, match=said):
        endpoint.embed(["a", "b"])
    assert (len(speaker.requests), waits) == (1, [])


def test_enormous_but_finite_numbers_become_a_direction(speaker, endpoint):
    speaker.then(says(changed(embedding=[3e300, 4e300])))
    assert np.allclose(endpoint.embed(["a"]).values, [[0.6, 0.8]])


def test_a_dimension_that_changes_between_batches_is_refused(speaker, endpoint):
    speaker.then(says(good_answer), says(lambda texts: good_answer(texts, 30)))
    with pytest.raises(Permanent, match=r"\[30\] dimensions where 24"):
        endpoint.embed(["x"] * (BATCH + 1))


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(speaker, endpoint, code):
    speaker.then(says({}, code, Location=f"{speaker.url}/inside"))
    with pytest.raises(Permanent, match="redirect, which is not followed"):
        endpoint.embed(["a"])
    assert speaker.paths == ["/v1/embeddings"]


@pytest.mark.parametrize(
    ("code", "said"), [(401, "refuses the key"), (403, "refuses the key"), (404, "HTTP 404"), (400, "HTTP 400")]
)
def test_a_refusal_is_permanent_and_names_the_cure(speaker, endpoint, waits, code, said):
    speaker.then(says({"error": "no"}, code))
    with pytest.raises(Permanent, match=said):
        endpoint.embed(["a"])
    assert waits == []


@pytest.mark.parametrize("code", [400, 401, 403, 404, 413, 429, 503])
def test_the_key_stands_in_no_error_also_where_the_server_repeats_it(speaker, waits, code, capfd, caplog):
    patient = Patience(attempts=1, sleep=waits.append)
    endpoint = Endpoint(speaker.url, "m", KEY, patient)
    speaker.then(says({"error": {"message": f"Incorrect API key provided: {KEY}"}}, code))
    with pytest.raises(MunimentError) as caught:
        endpoint.embed(["a"])
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__) + repr(vars(endpoint))
    assert KEY not in told + caplog.text + "".join(capfd.readouterr())


def test_the_built_in_model_answers_in_its_place_as_a_whole_and_says_so(speaker):
    hurried = Endpoint(speaker.url, "m", "", Patience(attempts=1))
    speaker.then(says(good_answer), says({}, 503))
    made = embeddings.with_fallback(hurried).embed([f"text {number}" for number in range(BATCH + 1)])
    assert made.model == embeddings.built_in().embed(["x"]).model
    assert len(made.values) == BATCH + 1
    assert "HTTP 503" in made.fallback
    well = embeddings.with_fallback(hurried).embed(["a"])
    assert (well.model.name, well.fallback) == (hurried.name, "")
