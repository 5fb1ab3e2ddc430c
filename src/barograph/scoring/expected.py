"""The log loss that a predictor expects of itself, before labels mature."""

from typing import Final

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.losses import SMALLEST, log_losses
from barograph.names import KEY, PROBABILITIES, REGIMES
from barograph.typing import Floats

ALL: Final = "all"


def expected_log_losses(probabilities: Floats) -> Floats:
    r"""Give each row's expected log loss, shape (n,), if its probabilities (n, 3) are right: the entropy.

    It is :math:`-\sum_c p_c \ln p_c` [1]_. A calibrated predictor's mean log loss is its mean entropy; an overconfident
    one's is larger.

    References
    ----------
    .. [1] Cover, Thomas (2006), "Elements of Information Theory", second edition, Wiley, section 2.1.
    """
    clipped = np.clip(probabilities, SMALLEST, 1.0)
    losses: Floats = -(probabilities * np.log(clipped)).sum(axis=-1)
    return losses


@without_time_zones
def expected_and_matured(
    predictions: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, days: int
) -> pd.DataFrame:
    """Compare the expected log loss of the last dates with that of the rows whose labels have matured.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Those of one predictor out of sample: ``symbol, date, p_sell, p_hold, p_buy``.
    labels, regimes : pandas.DataFrame
        The tables of these names.
    days : int
        How many of the last dates of the predictions.

    Returns
    -------
    pandas.DataFrame
        A row for ``all`` and one per regime that occurs: ``regime``; ``days`` and ``expected`` of the last dates;
        ``matured_days``, ``matured_expected`` and ``matured``, which is the log loss itself, of all rows with a label.
        NaN where there are no rows.
    """
    regime_of = regimes.set_index("date")["regime"]
    rows = predictions.merge(labels[[*KEY, "label"]], "left", KEY)
    stated = rows[list(PROBABILITIES)].to_numpy()
    label = rows["label"].to_numpy(np.float64)
    known = ~np.isnan(label)
    losses = np.full(len(rows), np.nan)
    losses[known] = log_losses(stated[known], label[known].astype(np.int64))
    last = rows["date"].drop_duplicates().nlargest(days)
    table = pd.DataFrame(
        {
            "date": rows["date"],
            "regime": regime_of.reindex(rows["date"]).to_numpy(),
            "expected": expected_log_losses(stated),
            "loss": losses,
            "newest": rows["date"].isin(last),
        }
    )
    groups = {ALL: table} | {regime: table[table["regime"] == regime] for regime in REGIMES}
    return pd.DataFrame([{"regime": name} | _figures(group) for name, group in groups.items() if len(group)])


def _figures(rows: pd.DataFrame) -> dict[str, float]:
    newest, matured = rows[rows["newest"]], rows[rows["loss"].notna()]
    return {
        "days": newest["date"].nunique(),
        "expected": newest["expected"].mean(),
        "matured_days": matured["date"].nunique(),
        "matured_expected": matured["expected"].mean(),
        "matured": matured["loss"].mean(),
    }
