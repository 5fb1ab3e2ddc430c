"""Error replay: a model is shown again where it was confident and wrong, once it could know so."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.dates import refuse_time_zones, without_time_zones
from barograph.losses import log_losses
from barograph.memory.effective import effective_size
from barograph.memory.options import Replay, Weights
from barograph.memory.weighting import DAYS_A_YEAR, row_weights
from barograph.names import KEY, PROBABILITIES

_LOSSES = [*KEY, "exit_date", "uniqueness", "loss"]


@dataclass(frozen=True)
class ErrorReplay:
    """Replays a model's mistakes, weighed as the memory weighs its other rows.

    Attributes
    ----------
    replay : Replay
    weights : Weights or None
    half_life : float or None
        Both as in :func:`barograph.memory.weighting.row_weights`.
    labels, regimes : pandas.DataFrame
        The tables of these names.
    """

    replay: Replay
    weights: Weights | None
    half_life: float | None
    labels: pd.DataFrame
    regimes: pd.DataFrame

    def __post_init__(self) -> None:
        """Refuse dates with a time zone."""
        refuse_time_zones(labels=self.labels, regimes=self.regimes)

    @without_time_zones
    def losses(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Give the log loss of every out-of-sample prediction whose row has a label and whose date has a regime.

        Returns
        -------
        pandas.DataFrame
            ``symbol, date, exit_date, uniqueness, loss``.
        """
        dates = predictions["date"]
        near = self.labels[self.labels["date"].between(dates.min(), dates.max())]
        known = predictions[dates.isin(self.regimes["date"])].merge(near, on=KEY)
        losses = log_losses(known[list(PROBABILITIES)].to_numpy(), known["label"].to_numpy())
        return known.assign(loss=losses)[_LOSSES]

    @without_time_zones
    def show(
        self, shown: pd.DataFrame, losses: pd.DataFrame, *, until: pd.Timestamp, test_start: pd.Timestamp
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Add a model's worst mistakes to a fold's training rows.

        Of the predictions that had matured, those of the greatest log loss are replayed: a row that the fold is shown
        anyway has the weight of all its copies multiplied, another is appended with the weight that the memory would
        give it, multiplied. The greatest losses come first until the replayed rows are the allowed share of all.

        Parameters
        ----------
        shown : pandas.DataFrame
            The fold's rows of the samples table.
        losses : pandas.DataFrame
            :meth:`losses` of the model's predictions in earlier folds.
        until : pandas.Timestamp
            The last day on which a training row's label may have become known.
        test_start : pandas.Timestamp
            The first day of the fold's test window, from which the age of a mistake counts.

        Returns
        -------
        shown : pandas.DataFrame
            In the form of the samples table; appended rows are of source ``replay``.
        replayed : pandas.DataFrame
            ``symbol, date, loss, exit_date`` of the rows replayed, the worst first.
        """
        worst = self._worst(losses, until, test_start)
        rows = pd.MultiIndex.from_frame(shown[KEY])
        copies = rows.value_counts().reindex(pd.MultiIndex.from_frame(worst[KEY])).fillna(0).to_numpy(np.int64)
        final = len(shown) + np.cumsum(copies == 0)
        allowed = np.cumsum(np.maximum(copies, 1)) <= self.replay.max_share * final
        worst, new = worst[allowed], worst[allowed & (copies == 0)]
        again = rows.isin(pd.MultiIndex.from_frame(worst[KEY]))
        weighted = shown.assign(weight=shown["weight"].where(~again, self.replay.weight * shown["weight"]))
        if len(new):
            appended = self._appended(new, until).assign(fold=shown["fold"].iloc[0])
            weighted = pd.concat([weighted, appended], ignore_index=True)
        return weighted, worst[[*KEY, "loss", "exit_date"]].reset_index(drop=True)

    def _worst(self, losses: pd.DataFrame, until: pd.Timestamp, test_start: pd.Timestamp) -> pd.DataFrame:
        known = losses["exit_date"] <= until
        if self.replay.max_age is not None:
            known &= losses["date"] >= test_start - pd.Timedelta(days=self.replay.max_age * DAYS_A_YEAR)
        ordered = losses[known].sort_values(["loss", *KEY], ascending=[False, True, True])
        return ordered.head(int(round(self.replay.worst * len(ordered), 9)))

    def _appended(self, new: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
        regime: NDArray[np.object_] = self.regimes.set_index("date")["regime"].reindex(new["date"]).to_numpy(object)
        age = (until + pd.Timedelta(days=1) - new["date"]).to_numpy()
        weight = row_weights(regime, new["uniqueness"].to_numpy(), age, weights=self.weights, half_life=self.half_life)
        return new[KEY].assign(copy=0, source="replay", event=None, regime=regime, weight=self.replay.weight * weight)


@without_time_zones
def replayed_by_regime(shown: pd.DataFrame, replayed: pd.DataFrame) -> pd.DataFrame:
    """Describe the rows that each fold is shown once :meth:`ErrorReplay.show` has added the replayed ones.

    One row per fold and regime that the fold is shown: ``fold, regime, rows``; how many of them are ``replayed``,
    copies counted, and how many of those are ``appended``; and the ``effective_size``.
    """
    keys = ["fold", *KEY]
    again = pd.MultiIndex.from_frame(shown[keys]).isin(pd.MultiIndex.from_frame(replayed[keys]))
    counted = shown.assign(rows=1, replayed=again, appended=shown["source"] == "replay")
    counts = counted.groupby(["fold", "regime"])[["rows", "replayed", "appended"]].sum()
    return counts.assign(effective_size=effective_size(shown, ["fold", "regime"])).reset_index()
