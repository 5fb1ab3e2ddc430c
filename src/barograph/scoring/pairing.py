"""The rows on which all predictors are compared: labelled, and predicted by each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.errors import InputError
from barograph.names import BASELINES, CLASSES, PROBABILITIES
from barograph.scoring.samples import Forecasts
from barograph.typing import Dates, Floats, Ints, Mask, Rows

_TOLERANCE = 1e-6
_DAYS = 1 << 20


@dataclass(frozen=True)
class Calendar:
    """All trading days, ascending, with the regime of each."""

    days: pd.DatetimeIndex
    regime: NDArray[np.object_]

    @classmethod
    def of(cls, regimes: pd.DataFrame) -> "Calendar":
        """Take the calendar from the regimes table, in any order of rows."""
        ordered = regimes.sort_values("date")
        return cls(pd.DatetimeIndex(ordered["date"]), ordered["regime"].to_numpy(dtype=object))

    def positions(self, dates: pd.DatetimeIndex, of: str) -> Ints:
        """Give the position of each date; the error about a date without a regime names the table, `of`."""
        positions = self.days.get_indexer(dates)
        if (positions < 0).any():
            raise InputError(f"regimes: no regime on {dates[int(np.argmin(positions))]:%Y-%m-%d}, a date of {of}")
        return positions.astype(np.int64)


@dataclass(frozen=True)
class Paired:
    """The scored rows, ordered by symbol and date, as arrays.

    Attributes
    ----------
    predictors : list of str, length P
        Sorted.
    probabilities : ndarray, shape (P, n, 3)
    label, fold : ndarray of int, shape (n,)
    label_row : ndarray of int, shape (n,)
        Position of each row in the labels table.
    date : ndarray of int, shape (n,)
        Index into `dates`.
    dates : ndarray of datetime64[D], shape (D,)
        The dates scored, ascending.
    trading_day : ndarray of int, shape (D,)
        Position of each date in the calendar, so that differences count trading days.
    regime : ndarray of str, shape (D,)
    symbol, sector : ndarray of str, shape (n,)
    coverage : pandas.DataFrame
        Per predictor: `predictor`, rows `predicted`, of these `labelled`, of these `scored`.
    """

    predictors: list[str]
    probabilities: Floats
    label: Ints
    fold: Ints
    label_row: Rows
    date: Ints
    dates: Dates
    trading_day: Ints
    regime: NDArray[np.object_]
    symbol: NDArray[np.object_]
    sector: NDArray[np.object_]
    coverage: pd.DataFrame

    def forecasts(self, bins: int) -> Forecasts:
        """Give the forecasts to score; `bins` are those of the calibration error."""
        return Forecasts(self.predictors, self.probabilities, self.label, self.date, self.dates.size, bins)


def pair(predictions: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, universe: pd.DataFrame) -> Paired:
    """Align predictions, labels, regimes and sectors on the rows that all predictors share.

    The dates of the regimes table are the trading calendar. The predictions include the baselines.

    Raises
    ------
    InputError
        If columns, a baseline, a scored row's regime or sector are missing, a row repeats, probabilities are not
        such, a label is unknown, predictors disagree about a row's fold, or no row is left.
    """
    require(predictions, "predictions", ("predictor", "symbol", "date", "fold", *PROBABILITIES))
    require(labels, "labels", ("symbol", "date", "label"))
    require(regimes, "regimes", ("date", "regime"))
    require(universe, "universe", ("symbol", "gics_sector"))
    _check_probabilities(predictions)
    _check_labels(labels)
    predictors = sorted(predictions["predictor"].unique())
    if absent := [name for name in BASELINES if name not in predictors]:
        raise InputError(f"predictions: the baselines {absent} are missing; predictors are {predictors}")
    symbols = pd.Index(sorted({*labels["symbol"].unique(), *predictions["symbol"].unique()}))
    label_keys, label_rows = _sorted_keys(labels, symbols, "labels", np.arange(len(labels)))
    members = predictions.groupby("predictor", sort=False).indices
    predicted = [
        _sorted_keys(predictions, symbols, f"predictions of {name}", np.asarray(members[name])) for name in predictors
    ]
    shared = partial(np.intersect1d, assume_unique=True)
    common: Ints = reduce(shared, (keys for keys, _ in predicted), label_keys)
    if not common.size:
        raise InputError("predictions: no row has a label and a prediction of every predictor; nothing can be scored")
    coverage = {
        "predictor": predictors,
        "predicted": [keys.size for keys, _ in predicted],
        "labelled": [int(np.isin(keys, label_keys, assume_unique=True).sum()) for keys, _ in predicted],
    }
    rows = np.stack([rows[np.searchsorted(keys, common)] for keys, rows in predicted])
    label_row = label_rows[np.searchsorted(label_keys, common)]
    scored = symbols[common // _DAYS]
    dates, date = np.unique((common % _DAYS).astype("datetime64[D]"), return_inverse=True)
    calendar = Calendar.of(regimes)
    trading_day = calendar.positions(pd.DatetimeIndex(dates), "predictions and labels")
    return Paired(
        predictors=predictors,
        probabilities=predictions[list(PROBABILITIES)].to_numpy(dtype=np.float64)[rows],
        label=labels["label"].to_numpy(dtype=np.int64)[label_row],
        fold=_fold(predictions, rows),
        label_row=label_row,
        date=date.astype(np.int64),
        dates=dates,
        trading_day=trading_day,
        regime=calendar.regime[trading_day],
        symbol=scored.to_numpy(dtype=object),
        sector=_sectors(universe, scored),
        coverage=pd.DataFrame(coverage).assign(scored=common.size),
    )


def require(frame: pd.DataFrame, name: str, columns: Sequence[str]) -> None:
    """Refuse a table that lacks a column."""
    if missing := [column for column in columns if column not in frame.columns]:
        raise InputError(f"{name}: lacks the columns {missing}; it has {list(frame.columns)}")


def sum_to_one(probabilities: Floats) -> Mask:
    """Tell which rows, shape (n, 3), lie in [0, 1] and sum to 1."""
    with np.errstate(invalid="ignore"):
        inside = ((probabilities >= 0) & (probabilities <= 1)).all(axis=1)
        good: Mask = inside & (np.abs(probabilities.sum(axis=1) - 1) <= _TOLERANCE)
    return good


def _check_probabilities(predictions: pd.DataFrame) -> None:
    p = predictions[list(PROBABILITIES)].to_numpy(dtype=np.float64)
    good = sum_to_one(p)
    if not good.all():
        row = predictions.iloc[int(np.argmin(good))]
        raise InputError(
            f"predictions: {row['predictor']} gives {row['symbol']} on {row['date']:%Y-%m-%d} the probabilities "
            f"{[float(row[name]) for name in PROBABILITIES]}; they must lie in [0, 1] and sum to 1"
        )


def _check_labels(labels: pd.DataFrame) -> None:
    known = labels["label"].isin(range(len(CLASSES)))
    if not known.all():
        row = labels.loc[~known].iloc[0]
        raise InputError(
            f"labels: {row['symbol']} on {row['date']:%Y-%m-%d} has the label {row['label']}; "
            "allowed are 0 (sell), 1 (hold), 2 (buy)"
        )


def _sorted_keys(frame: pd.DataFrame, symbols: pd.Index, name: str, rows: Rows) -> tuple[Ints, Rows]:
    """Give an ascending integer per row that orders by symbol and date, and the row to which each belongs."""
    kept = frame.iloc[rows]
    day = kept["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    keys = symbols.get_indexer(pd.Index(kept["symbol"])).astype(np.int64) * _DAYS + day
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    repeated = np.flatnonzero(keys[1:] == keys[:-1])
    if repeated.size:
        row = frame.iloc[rows[repeated[0]]]
        raise InputError(f"{name}: {row['symbol']} on {row['date']:%Y-%m-%d} occurs more than once; it must be unique")
    return keys, rows


def _fold(predictions: pd.DataFrame, rows: Rows) -> Ints:
    folds = predictions["fold"].to_numpy(dtype=np.int64)[rows]
    differs = (folds != folds[0]).any(axis=0)
    if differs.any():
        row = predictions.iloc[rows[0, np.argmax(differs)]]
        raise InputError(
            f"predictions: {row['symbol']} on {row['date']:%Y-%m-%d} belongs to the folds "
            f"{sorted({*folds[:, np.argmax(differs)].tolist()})} of different predictors; the folds must agree"
        )
    fold: Ints = folds[0]
    return fold


def _sectors(universe: pd.DataFrame, symbols: pd.Index) -> NDArray[np.object_]:
    sectors = symbols.to_series().map(universe.set_index("symbol")["gics_sector"])
    if sectors.isna().any():
        raise InputError(f"universe: no gics_sector for {sectors.index[sectors.isna()][0]}, which has predictions")
    return sectors.to_numpy(dtype=object)
