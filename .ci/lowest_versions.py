"""Print, as constraints for pip, the lowest version of each dependency that a pyproject.toml allows.

Usage: lowest_versions.py pyproject.toml
"""

import re
import sys
import tomllib
from pathlib import Path

LOWER_BOUND = re.compile(r"([\w.-]+)>=([\d.]+)")

if __name__ == "__main__":
    project = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        bound = LOWER_BOUND.match(requirement)
        if bound is None:
            sys.exit(f"no lower bound in {requirement!r}")
        print(f"{bound[1]}=={bound[2]}")
