"""The result of a fit, in plain values that travel between processes and into a cache."""

import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.models.contract.storage import StoredModel
from barograph.typing import Floats


@dataclass(frozen=True)
class Outcome:
    """The result of a fit.

    Attributes
    ----------
    probabilities : float array of shape (n, 3)
        Of the rows of the window.
    importance : pandas.DataFrame or None
        As :func:`barograph.training.feature_importance`, where it was asked for.
    model : StoredModel or None
        Where it was asked for.
    """

    probabilities: Floats
    importance: pd.DataFrame | None
    model: StoredModel | None

    def to_bytes(self) -> bytes:
        """Write the outcome; the inverse of :meth:`from_bytes`."""
        facts: dict[str, Any] = {"importance": None, "model": None}
        arrays: dict[str, NDArray[Any]] = {"probabilities": self.probabilities}
        if self.importance is not None:
            facts["importance"] = self.importance.drop(columns="importance").to_dict("list")
            arrays["importance"] = self.importance["importance"].to_numpy()
        if self.model is not None:
            facts["model"] = {**vars(self.model), "files": list(self.model.files)}
            arrays |= {name: np.frombuffer(content, np.uint8) for name, content in self.model.files.items()}
        target = io.BytesIO()
        np.savez(target, allow_pickle=False, facts=np.array(json.dumps(facts)), **arrays)
        return target.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Outcome":
        """Read an outcome; equal to the written one in every bit."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            facts = json.loads(str(arrays["facts"]))
            importance, model = facts["importance"], facts["model"]
            if importance is not None:
                importance = pd.DataFrame(importance | {"importance": arrays["importance"]})
                importance = importance[["feature", "importance", "kind"]]
            if model is not None:
                files = {name: arrays[name].tobytes() for name in model["files"]}
                model = StoredModel(tuple(model["features"]), tuple(model["classes"]), files, model["versions"])
            return cls(arrays["probabilities"], importance, model)
