"""The package as others pack it: as links, in a zip archive, frozen into an application."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLACES = {  # as in the wheel
    "spoilerguard": ROOT / "spoilerguard",
    "spoilerguard/default_model": ROOT / "models" / "default",
    "spoilerguard/datasets/data/reviews": ROOT / "datasets" / "reviews",
}

APPLICATION = """
import spoilerguard

if __name__ == "__main__":
    print([verdict.label.value for verdict in spoilerguard.classify("A fine cast. In the end Anna dies.")])
"""


def packaged() -> Iterator[tuple[str, Path]]:
    """The files of a wheel: the name of each, and where it lies in the checkout."""
    for place, folder in PLACES.items():
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{place}/{path.relative_to(folder).as_posix()}", path


def answer(code: str, packages: Path, folder: Path) -> str:
    """What a program prints that finds the package among `packages`."""
    environment = os.environ | {"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", f"import spoilerguard; assert {str(packages)!r} in spoilerguard.__file__\n{code}"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right that few users have there")
def test_a_package_whose_files_are_links_works_as_one_of_files(tmp_path: Path) -> None:
    for name, path in packaged():
        (tmp_path / "packages" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "packages" / name).symlink_to(path)
    code = """
from spoilerguard.datasets import load_reviews
print([verdict.label.value for verdict in spoilerguard.classify("A fine cast. In the end Anna dies.")])
print(len(load_reviews("dev")) > 1000)
"""
    assert answer(code, tmp_path / "packages", tmp_path) == "['safe', 'spoiler']\nTrue\n"


@pytest.mark.slow
def test_a_package_in_a_zip_archive_says_what_to_do_and_takes_a_model_of_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "packages.zip", "w") as archive:
        for name, path in packaged():
            archive.write(path, name)
    code = f"""
from spoilerguard.datasets import load_reviews
for call in (lambda: spoilerguard.classify("He dies."), lambda: load_reviews("dev")):
    try:
        call()
    except spoilerguard.SpoilerguardError as error:
        print("as files and not as a zip archive" in str(error))
model = spoilerguard.load({str(ROOT / "models" / "default")!r})
print([verdict.label.value for verdict in spoilerguard.classify("A fine cast. In the end Anna dies.", model=model)])
labeler = spoilerguard.notebook.Labeler(["He dies."], model=model)
print("textContent" in labeler.widget._esm, ".spoilerguard-labeler" in labeler.widget._css)
"""
    assert answer(code, tmp_path / "packages.zip", tmp_path) == "True\nTrue\n['safe', 'spoiler']\nTrue True\n"


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
