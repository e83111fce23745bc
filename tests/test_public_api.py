"""The public names, what importing them costs, and the code that the README shows."""

import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import spoilerguard

ROOT = Path(__file__).parents[1]
NAMES = """
    classify classify_reviews classify_table explain redact Verdict Label
    load save SpoilerClassifier
    train train_stream evaluate evaluate_probabilities compare cross_validate load_corpus Corpus Report Comparison
    suggest drift DriftReport Story
    SpoilerguardError ModelFormatError CorpusError TrainingError StoryError OperatingPointError MissingExtraError
    __version__
""".split()


def imported_by(code: str) -> set[str]:
    """Every module that a fresh interpreter has loaded once it has run `code`."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=ROOT,
    )
    return {line.rsplit("|", 1)[1].strip() for line in result.stderr.splitlines() if line.startswith("import time:")}


def families(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_all_is_what_is_promised_and_sorted_for_reading() -> None:
    assert set(spoilerguard.__all__) == set(NAMES)
    assert len(spoilerguard.__all__) == len(NAMES)


def test_all_is_what_is_importable() -> None:
    assert all(hasattr(spoilerguard, name) for name in spoilerguard.__all__)


def test_completion_offers_what_is_public_and_nothing_else() -> None:
    assert dir(spoilerguard) == sorted([*spoilerguard.__all__, "challenge", "dask", "datasets", "notebook", "spark"])


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"__version__"}))
def test_each_name_can_be_had_and_says_what_it_is(name: str) -> None:
    assert getattr(spoilerguard, name).__doc__


def test_a_star_import_brings_them_all() -> None:
    namespace: dict[str, object] = {}
    exec("from spoilerguard import *", namespace)
    assert set(spoilerguard.__all__) <= set(namespace)


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="module 'spoilerguard' has no attribute 'clasify'"):
        spoilerguard.clasify  # type: ignore[attr-defined] # noqa: B018


def test_the_version_is_a_release_number() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", spoilerguard.__version__)


def test_the_changelog_knows_the_version() -> None:
    assert spoilerguard.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_importing_the_package_imports_nothing_but_itself() -> None:
    modules = imported_by("import spoilerguard")
    assert not families(modules) & {"numpy", "scipy", "sklearn", "pandas", "matplotlib", "joblib", "sentencex", "tqdm"}
    assert {module for module in modules if module.startswith("spoilerguard")} == {
        "spoilerguard",
        "spoilerguard.version",
    }


def test_importing_the_package_opens_no_file_but_code() -> None:
    watch = (
        "import sys; opened = []; "
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None); "
        "import spoilerguard; "
        "assert all(name.endswith(('.py', '.pyc')) or '.pyc.' in name for name in opened), opened"
    )
    subprocess.run([sys.executable, "-c", watch], check=True, timeout=60, cwd=ROOT)


def test_classifying_waits_for_no_package_that_it_can_do_without() -> None:
    # None in sys.modules is a package that is not there
    needless = ["sklearn", "scipy", "joblib", "pandas", "tqdm", "matplotlib", "pooch", "cleanlab", "pyarrow"]
    absent = f"import sys; sys.modules |= dict.fromkeys({needless}); "
    code = absent + "import spoilerguard; print(len(spoilerguard.classify('The butler did it. A fine film.')))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )
    assert (result.stdout, result.stderr) == ("2\n", "")


def test_the_commands_help_does_not_wait_for_numpy() -> None:
    assert "numpy" not in families(imported_by("from spoilerguard.cli import main; main(['--help'])"))


# the guides --------------------------------------------------------------------------------------------------------

CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("guide", ["README.md", "CONTRIBUTING.md"])
def test_the_code_in_the_guides_runs_and_shows_what_it_says(
    guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # they work anywhere
    blocks = CODE.findall((ROOT / guide).read_text(encoding="utf-8"))
    assert blocks
    namespace: dict[str, object] = {}
    for number, block in enumerate(blocks):
        if ">>>" in block:
            _run_session(block, namespace, f"{guide} block {number}")
        else:
            exec(compile(block, f"{guide} block {number}", "exec"), namespace)


def test_the_readme_tells_the_speeds_of_its_chart() -> None:
    speeds = json.loads((ROOT / "models" / "quality_and_speed.json").read_text("utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"some ([\d,]+) sentences a second on one\s+core, and ([\d,]+) with the extra `fast`", readme)
    [numbers] = [[int(number.replace(",", "")) for number in pair] for pair in told]
    measured = [speeds[name]["sentences a second"] for name in ("default", "default, extra fast")]
    assert numbers == pytest.approx(measured, rel=0.05)


@pytest.mark.slow
def test_the_shell_lines_of_the_readme_work_anywhere(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^## Command line\n+```sh\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    environment = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    for line in block.splitlines():
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (line, done.stderr)


def _run_session(block: str, namespace: dict[str, object], name: str) -> None:
    session = doctest.DocTestParser().get_doctest(block, namespace, name, name, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert runner.run(session, clear_globs=False).failed == 0
    namespace.update(session.globs)
