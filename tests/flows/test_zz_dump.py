import os
import pytest
from pathlib import Path
from tests.conftest import assets
from muniment import flows, evidence
DATA = Path("/work/shared/data/inventories")
@pytest.mark.parametrize("name", os.environ["NAMES"].split())
def test_dump(home, name, capsys):
    done = flows.import_files(home, flows.Request((DATA / name,)))
    with capsys.disabled():
        print("=====", name, done.assets, {k:v for k,v in done.to_json().items() if k.startswith(("rows","rec"))})
        for a in assets(home)[:25]:
            print(a.name, a.type, a.record_count, {k: a.values[k] for k in ("hostname","fqdn","serial","cloud_id","ip_address","asset_tag") if k in a.values})

def test_unnamed(home, capsys):
    from muniment import mapping
    done = flows.import_files(home, flows.Request((DATA / "ansible_facts",)))
    with capsys.disabled():
        for f in done.files: print(f)
        with home.scope.transaction() as c:
            for a in assets(home):
                if a.name == "(unnamed)" or 'dev' in a.values.get("hostname", ()):
                    from muniment import identity
                    for r in evidence.get_records(c, identity.members(c, a.id)):
                        print(a.name, r.source_key, dict(r.claims).keys(), r.import_id)
            print([ (i.id, i.file) for i in evidence.list_imports(c, home.scope)])
