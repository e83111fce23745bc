"""Check the verdicts on both sample reviews, and that two environments agree on them.

Usage: sample_verdicts.py VERDICTS.jsonl [OTHER.jsonl]
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

AGREE = 1e-9


def read(path: str) -> list[dict[str, Any]]:
    """The verdicts on the review with spoilers, then those on the other one."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def check_samples(rows: list[dict[str, Any]]) -> None:
    second = max(number for number, row in enumerate(rows) if row["start"] == 0)
    found = [sum(row["label"] == "spoiler" for row in part) for part in (rows[:second], rows[second:])]
    print(f"spoilers: {found[0]} of {second} sentences, and {found[1]} of {len(rows) - second}")
    if found[0] < 4 or found[1] > 0:
        sys.exit("the sample reviews are not told apart: 4 spoilers or more in the first, none in the second")


def check_agreement(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    pairs = zip(rows, others, strict=True)
    if not all(math.isclose(a["probability"], b["probability"], rel_tol=0, abs_tol=AGREE) for a, b in pairs):
        sys.exit(f"probabilities differ by more than {AGREE} between the two environments")
    print(f"probabilities agree within {AGREE}")


if __name__ == "__main__":
    verdicts = read(sys.argv[1])
    check_samples(verdicts)
    for other in sys.argv[2:]:
        check_agreement(verdicts, read(other))
