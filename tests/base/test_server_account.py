import os
import shutil
import subprocess

import pytest

from muniment.base import server_account


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another account")
def test_the_account_passes_a_closed_folder_also_where_a_program_asks_first(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "program"
    shutil.copy("/bin/true", program)
    program.chmod(0o755)
    prefix = server_account.choose_maker().prefix
    asked = subprocess.run([*prefix, "/bin/sh", "-c", f"test -x '{program}'"], check=False)
    assert asked.returncode == 0
    assert subprocess.run([*prefix, str(program)], check=False).returncode == 0
