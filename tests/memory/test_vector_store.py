import numpy as np
import pytest
import sqlalchemy as sa

from muniment import memory
from muniment.base import embeddings
from muniment.base.embeddings import Model, Vectors
from muniment.base.errors import Rejected

BUILT_IN = embeddings.built_in()


def filled(home, kind="asset", subjects=("alpha server", "alpha host", "printer"), model=None, *, indexed=False):
    made = BUILT_IN.embed(list(subjects))
    made = Vectors(model or made.model, made.values)
    with home.scope.transaction() as connection:
        space = memory.open_space(connection, home.scope, kind, home.scope.engagement_id, made.model)
        memory.add_vectors(connection, home.scope, space, dict.fromkeys(subjects, ""), made)
        memory.index_space(connection, space, above=1 if indexed else 1_000)
        return memory.open_space(connection, home.scope, kind, home.scope.engagement_id, made.model)


def nearest(home, space, text, limit=10, **options):
    with home.scope.transaction() as connection:
        found = memory.nearest(connection, space, BUILT_IN.embed([text]), limit, **options)
    return [item.subject for item in found]


def test_the_nearest_come_first_and_similarity_is_the_cosine(home):
    space = filled(home)
    with home.scope.transaction() as connection:
        found = memory.nearest(connection, space, BUILT_IN.embed(["alpha server"]), 2)
    assert [item.subject for item in found] == ["alpha server", "alpha host"]
    first, second = BUILT_IN.embed(["alpha server", "alpha host"]).values
    assert found[0].similarity == pytest.approx(1, abs=1e-3)
    assert found[1].similarity == pytest.approx(float(first @ second), abs=1e-3)


def test_the_index_finds_what_a_full_search_finds(home):
    subjects = [f"machine {number} of group {number % 7}" for number in range(300)]
    space = filled(home, subjects=subjects, indexed=True)
    for text in ("machine 12 of group 5", "group 3", "machine"):
        assert set(nearest(home, space, text)[:3]) <= set(nearest(home, space, text, limit=20, exact=True))
        assert nearest(home, space, text, limit=1) == nearest(home, space, text, limit=1, exact=True)


def test_a_space_is_indexed_once_it_is_large_and_what_comes_later_is_too(home):
    space = filled(home)
    assert not space.indexed
    with home.scope.transaction() as connection:
        memory.index_space(connection, space, above=4)
        assert not memory.list_spaces(connection, home.scope)[0][0].indexed
        memory.index_space(connection, space, above=3)
        ((space, _),) = memory.list_spaces(connection, home.scope)
        assert space.indexed
        memory.add_vectors(connection, home.scope, space, {"late": ""}, BUILT_IN.embed(["late comer"]))
        assert connection.scalar(sa.text("SELECT bool_and(indexed) FROM vectors"))
    assert nearest(home, space, "late comer", limit=1) == ["late"]


def test_a_large_space_is_searched_by_the_index_as_the_application_role(home):
    space = filled(home, subjects=[f"machine {number}" for number in range(50)], indexed=True)
    scans = sa.text("SELECT pg_stat_get_xact_numscans(c.oid) FROM pg_class c WHERE relname = 'ix_vectors_hnsw_512'")
    with home.scope.transaction() as connection:
        connection.execute(sa.text("SET LOCAL enable_sort = off"))  # fifty rows are sorted faster
        before = connection.scalar(scans)
        memory.nearest(connection, space, BUILT_IN.embed(["machine 7"]), 3)
        assert connection.scalar(scans) == before + 1


def test_subjects_can_be_narrowed_by_our_own_sql(home):
    space = filled(home)
    large = filled(home, kind="another", indexed=True)
    among = {"among": "SELECT :only", "parameters": {"only": "printer"}}
    assert nearest(home, space, "alpha server", **among) == ["printer"]
    assert nearest(home, large, "alpha server", **among) == ["printer"]


def test_vectors_of_another_model_are_neither_stored_nor_compared(home):
    space = filled(home)
    other = Vectors(Model("another", 512), BUILT_IN.embed(["x"]).values)
    with home.scope.transaction() as connection:
        with pytest.raises(Rejected, match="cannot be compared"):
            memory.nearest(connection, space, other, 3)
        with pytest.raises(Rejected, match="cannot be compared"):
            memory.add_vectors(connection, home.scope, space, {"x": ""}, other)


def test_a_model_that_changes_its_dimension_is_refused(home):
    filled(home)
    with home.scope.transaction() as connection, pytest.raises(Rejected, match="so it is another model"):
        memory.open_space(connection, home.scope, "asset", home.scope.engagement_id, Model(BUILT_IN.name, 24))


def test_the_database_itself_refuses_a_vector_of_another_dimension(home):
    space = filled(home)
    for dimension in (2, 512):
        with pytest.raises(sa.exc.IntegrityError), home.scope.transaction() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO vectors (tenant_id, space_id, subject, dimension, digest, embedding)"
                    " VALUES (:tenant, :space, 'x', :dimension, '', '[1,2]')"
                ),
                {"tenant": home.scope.tenant_id, "space": space.id, "dimension": dimension},
            )


def test_activating_a_space_removes_those_of_other_models_for_the_same_things_only(home, another):
    old = filled(home)
    patterns = filled(home, kind="mapping")
    other = filled(another(home, "another piece"))
    fresh = filled(home, model=Model("another", 512))
    with home.scope.transaction() as connection:
        memory.activate(connection, fresh)
        spaces = memory.list_spaces(connection, home.scope)
    assert {(space.id, space.state, held) for space, held in spaces} == {
        (fresh.id, "active", 3),
        (patterns.id, "building", 3),
    }
    assert nearest(another(home, "another piece"), other, "printer", limit=1) == ["printer"]
    assert nearest(home, old, "printer") == []


@pytest.mark.parametrize("indexed", [True, False])
def test_a_tenant_never_sees_the_twin_vectors_of_another(home, another, indexed):
    twin = another(home, "default", "another tenant")
    mine, theirs = filled(home, indexed=indexed), filled(twin, indexed=indexed)
    assert mine.id != theirs.id
    assert nearest(home, theirs, "alpha server") == []
    assert nearest(twin, mine, "alpha server") == []
    with home.scope.transaction() as connection:
        assert [space.id for space, _ in memory.list_spaces(connection, home.scope)] == [mine.id]
        assert memory.vector_of(connection, theirs, "printer") is None
        memory.remove_vectors(connection, theirs, ["printer"])
        memory.drop_space(connection, theirs)
        assert connection.scalar(sa.text("SELECT count(*) FROM vectors")) == 3
    assert nearest(twin, theirs, "printer", limit=1) == ["printer"]


def test_an_unusual_dimension_is_searched_in_full(home):
    model = Model("small", 3)
    axes = Vectors(model, np.eye(3, dtype=np.float32))
    with home.scope.transaction() as connection:
        space = memory.open_space(connection, home.scope, "asset", None, model)
        memory.add_vectors(connection, home.scope, space, {"x": "", "y": "", "z": ""}, axes)
        found = memory.nearest(connection, space, Vectors(model, axes.values[1:2]), 1)
    assert [(item.subject, item.similarity) for item in found] == [("y", 1.0)]
