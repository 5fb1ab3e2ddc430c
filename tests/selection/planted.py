"""A labelled panel whose informative features, near copies and noise are known."""

import numpy as np
import pandas as pd

DATES = pd.bdate_range("2004-01-01", periods=900).astype("datetime64[us]")
DAYS = DATES.to_numpy("datetime64[D]")
INFORMATIVE = ["strong", "weak"]
NOISE = [f"noise_{i}" for i in range(8)]
COPIES = {"strong_copy": "strong", "strong_turned": "strong", "noise_copy": "noise_0"}


def panel(seed: int = 0, symbols: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give features and labels: two features make the label, three are near copies, one is constant, one is missing."""
    rng = np.random.default_rng(seed)
    names = [f"S{i}" for i in range(symbols)]
    key = pd.MultiIndex.from_product([names, DATES[:-10]], names=["symbol", "date"]).to_frame(index=False)
    n = len(key)
    values = {name: rng.normal(size=n) for name in ["strong_copy", *INFORMATIVE, *NOISE]}
    values["strong_copy"] = values["strong"] + 0.25 * values["strong_copy"]
    values["strong_turned"] = -(values["strong"] ** 3) + 0.05 * rng.normal(size=n)
    values["noise_copy"] = values["noise_0"] + 0.2 * rng.normal(size=n)
    score = values["strong"] + 0.6 * values["weak"] + 0.6 * rng.normal(size=n)
    values |= {"flat": np.ones(n), "empty": np.full(n, np.nan)}
    features = pd.concat([key, pd.DataFrame(values).astype(np.float32)], axis=1)
    features["weak"] = features["weak"].mask(rng.random(n) < 0.1)
    labels = key.assign(
        label=np.digitize(score, [-0.6, 0.6]).astype(np.int8),
        exit_date=DATES[DATES.get_indexer(key["date"]) + rng.integers(1, 10, n)],
        uniqueness=0.5,
    )
    return features, labels
