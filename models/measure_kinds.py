"""Metrics on texts of other kinds of works than films: average precision, and what ``cautious`` finds of each kind.

    python models/measure_kinds.py default

Dev and test works, from which no step of building learns, are shown apart; settings were chosen with dev in view. Rows
are kinds, and ways in which texts were drawn ("random", "likely", …).
"""

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd
from documents import Document, other_kinds
from sklearn.metrics import average_precision_score, roc_auc_score

import spoilerguard
from spoilerguard.decisions import DecisionRule
from spoilerguard.documents import Documents
from spoilerguard.linear_model import LinearModel
from spoilerguard.predicting import predict


def main() -> None:
    """Print a table for each split."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a folder, or the name of a model that comes with the package")
    model = spoilerguard.load(parser.parse_args().model)
    for split in ("dev", "test"):
        print(
            f"{split}, each sentence in its review\n{metrics(model, list(other_kinds(split))).round(3).to_string()}\n"
        )


def metrics(model: LinearModel, documents: Sequence[Document]) -> pd.DataFrame:
    """One row for all texts, for each kind, and for each way in which texts were drawn."""
    lengths = np.array([len(one.sentences) for one in documents])
    labels = np.concatenate([one.targets["spoiler"] for one in documents])
    said = predict(model, Documents.from_sentences([text for one in documents for text in one.sentences], lengths))
    found = said.is_spoiler(DecisionRule.of(model, "cautious"))
    sources = pd.Series(np.repeat([one.source for one in documents], lengths)).str.split("/", expand=True)
    parts = {"all": labels >= 0}
    parts |= {name: (sources == name).any(axis=1).to_numpy() for name in sorted(set(sources.to_numpy().ravel()))}
    rows = {}
    for name, part in parts.items():
        spoilers = part & (labels == 1)
        rows[name] = {
            "spoilers": spoilers.sum(),
            "ROC AUC": roc_auc_score(labels[part], said.logit[part]),
            "average precision": average_precision_score(labels[part], said.logit[part]),
            "found by cautious": found[spoilers].mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


if __name__ == "__main__":
    main()
