"""The package as others pack it: frozen into an application."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

APPLICATION = """
import spoilerguard

if __name__ == "__main__":
    print([verdict.label.value for verdict in spoilerguard.classify("A fine cast. In the end Anna dies.")])
"""


def test_pyinstaller_finds_the_hook_of_the_package() -> None:
    [hook] = entry_points(group="pyinstaller40", name="hook-dirs").select(module="spoilerguard.__pyinstaller")
    [folder] = hook.load()()
    assert (Path(folder) / "hook-spoilerguard.py").is_file()


@pytest.mark.slow
def test_a_frozen_application_classifies(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="needs pip install pyinstaller, and the package installed as a wheel")
    (tmp_path / "app.py").write_text(APPLICATION)
    subprocess.run([sys.executable, "-m", "PyInstaller", "--onedir", "app.py"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "dist" / "app" / "app"], capture_output=True, text=True, check=True)
    assert done.stdout == "['safe', 'spoiler']\n"
