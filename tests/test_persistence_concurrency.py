"""Model folders while somebody writes: whoever reads finds the model before or the model after, whole."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spoilerguard.errors import ModelFormatError
from spoilerguard.features import SentenceVectorizer
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence import load, save

ROOT = Path(__file__).parents[1]
FILES = ["README.md", "model.json", "weights.safetensors"]
SENTENCES = ["The keeper dies at the end.", "In the end the twins drown.", "A lovely book.", "The tea is good."]


def fitted(threshold: float, labels: tuple[int, ...] = (1, 1, 0, 0)) -> SpoilerClassifier:
    vectorizer = SentenceVectorizer(n_buckets=2**5)
    return SpoilerClassifier(vectorizer=vectorizer, C=10.0, threshold=threshold).fit(SENTENCES, labels)


def listed(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


class Crash(BaseException):
    """The process ends here; nothing that it would still have done is done."""


def save_and_crash(model: SpoilerClassifier, folder: Path, step: int) -> bool:
    """Let the system calls that change a folder work `step` times, and then no more; False where that was enough."""
    left = iter(range(step))

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def crashing(*arguments: Any, **options: Any) -> Any:
            if next(left, None) is None:
                raise Crash
            return call(*arguments, **options)

        return crashing

    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "fsync", "unlink"):
            patch.setattr(os, name, guarded(getattr(os, name)))
        try:
            save(model, folder)
        except Crash:
            return True
    return False


@pytest.mark.parametrize("unfinished", [False, True], ids=["settled", "over a save that was cut short itself"])
def test_a_crash_at_any_step_leaves_the_old_model_or_the_new_one(unfinished: bool, tmp_path: Path) -> None:
    old, middle, new = (
        fitted(0.25),
        fitted(0.5, labels=(0, 1, 0, 1)),
        fitted(0.75, labels=(0, 0, 1, 1)),
    )
    seen = set()
    for step in range(100):
        folder = tmp_path / str(step)
        save(old, folder)
        if unfinished:
            save_and_crash(middle, folder, step=7)  # model.json is new, the weights still wait
            assert load(folder).threshold == 0.5
            assert len(listed(folder)) == 4
        before = load(folder).threshold
        if not save_and_crash(new, folder, step):
            break
        after = load(folder)
        assert after.threshold in (before, 0.75)
        seen.add((before, after.threshold))
        save(new, folder)
        assert listed(folder) == FILES
    assert step > 10
    assert seen == {(0.5, 0.5), (0.5, 0.75)} if unfinished else {(0.25, 0.25), (0.25, 0.75)}


def test_a_disk_that_is_full_leaves_the_old_model_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(fitted(0.25), tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        save(fitted(0.75, labels=(0, 0, 1, 1)), tmp_path)
    assert load(tmp_path).threshold == 0.25
    assert listed(tmp_path) == FILES


KILL_IN_A_LOOP = """
import os, random, signal, sys, time
from pathlib import Path
from spoilerguard.persistence import load, save

models, folder = [load(sys.argv[1]), load(sys.argv[2])], Path(sys.argv[3])
bytes_of = lambda model: (model.threshold, model.coef_.tobytes(), str(model.card_))
known = [bytes_of(model) for model in models]
chance, seen = random.Random(0), [0, 0]
for turn in range(24):
    here = folder / str(turn % 8)  # eight folders, each of them new at first
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        while True:
            for model in models:
                os.write(writer, b".")
                save(model, here)
    os.read(reader, 1)  # however busy the machine is, it has begun
    time.sleep(chance.uniform(0, 0.05))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reader), os.close(writer)
    if (here / "model.json").exists():  # else it was killed before the first save counted, and the next one goes on
        seen[known.index(bytes_of(load(here)))] += 1
for number in range(8):
    save(models[0], folder / str(number))
    assert len(os.listdir(folder / str(number))) == 3
print(sum(seen))
"""


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_the_old_model_or_the_new_one(tmp_path: Path) -> None:
    save(fitted(0.25), tmp_path / "first")
    save(fitted(0.75, labels=(0, 0, 1, 1)), tmp_path / "second")
    command = [sys.executable, "-W", "error", "-c", KILL_IN_A_LOOP]
    command += [str(tmp_path / name) for name in ("first", "second", "target")]
    alone = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=os.environ | alone)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads change places a thousand times more often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("impatient")
def test_readers_and_writers_at_once_see_whole_models_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # so that the writers lose no time
    models = [fitted(0.25), fitted(0.75, labels=(0, 0, 1, 1))]
    whole = [(model.threshold, model.coef_.tobytes()) for model in models]
    save(models[0], tmp_path)
    done = threading.Event()
    seen: set[object] = set()

    def write(model: SpoilerClassifier) -> None:
        while not done.is_set():
            save(model, tmp_path)

    def read() -> None:
        for _ in range(150):
            try:
                model = load(tmp_path)
            except ModelFormatError as fault:
                seen.add(str(fault))
            else:
                seen.add((model.threshold, model.coef_.tobytes()))

    writers = [threading.Thread(target=write, args=[model]) for model in models]
    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in writers + readers:
        thread.start()
    for thread in readers:
        thread.join()
    done.set()
    for thread in writers:
        thread.join()
    assert seen <= set(whole)
    assert listed(tmp_path) == FILES
