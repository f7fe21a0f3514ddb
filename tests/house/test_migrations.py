from __future__ import annotations

import shutil
from pathlib import Path

from store.migrate import SCRIPTS, head
from tests.house.migrations import check_folder

VERSIONS = SCRIPTS / "versions"


def test_our_migrations_are_one_chain() -> None:
    assert check_folder(VERSIONS) == []


def test_a_second_newest_revision_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "versions"
    shutil.copytree(VERSIONS, folder)
    newest = next(path for path in folder.glob("r*.py") if f'\nrevision = "{head()}"\n' in path.read_text())
    rival = newest.read_text().replace(f'\nrevision = "{head()}"\n', '\nrevision = "rival"\n')
    (folder / "r9999_rival.py").write_text(rival)
    assert len(check_folder(folder)) == 1
    (folder / "r9999_rival.py").write_text(newest.read_text())
    assert any(head() in finding for finding in check_folder(folder))


def test_a_revision_that_comes_after_itself_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "versions"
    shutil.copytree(VERSIONS, folder)
    newest = next(path for path in folder.glob("r*.py") if f'\nrevision = "{head()}"\n' in path.read_text())
    lines = newest.read_text().splitlines()
    wrong = [f'down_revision = "{head()}"' if line.startswith("down_revision = ") else line for line in lines]
    newest.write_text("\n".join(wrong))
    assert check_folder(folder) == [f"no way leads from the first revision to {head()}"]
