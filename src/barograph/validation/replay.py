"""The worth of replay: which mistakes were replayed, and the effect on later rows that resemble them."""

from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.losses import log_losses
from barograph.names import CLASSES, KEY, PROBABILITIES, REGIMES
from barograph.randomness import generator
from barograph.scoring import UNDEFINED, Validation, episode_bootstrap_counts, estimates
from barograph.scoring.bootstrap import can_resample
from barograph.scoring.evidence import independent_cases
from barograph.validation.look_alikes import FeatureSpace, look_alikes

_GROUP_COLUMNS: Final = ["kind", "value", "predicted", "replayed", "share", "mean_loss", "mean_loss_replayed"]
_IMPROVEMENT_COLUMNS: Final = ["fold", "part", "rows", "dates", "loss", "loss_without", "improvement", "low", "high"]


@without_time_zones
def replay_groups(
    replayed: pd.DataFrame,
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    regimes: pd.DataFrame,
    universe: pd.DataFrame,
) -> pd.DataFrame:
    """Tell where a model's replayed mistakes lie, from its replay and predictions tables.

    Returns
    -------
    pandas.DataFrame
        `kind` (`overall`, `regime`, `sector`, `class`) and `value`, in that order: regimes, of the rows' dates, from
        calm to crisis, sectors by name, classes from sell to buy. `predicted` counts the out-of-sample predictions of
        labelled rows, `replayed` those of them that at least one fold replays, `share` divides the two. `mean_loss` is
        the log loss of the predicted rows, `mean_loss_replayed` the recorded log loss of the replayed ones (NaN
        without).

    Raises
    ------
    InputError
        If a replayed row was not predicted in an earlier fold or has no label, a predicted row has no regime or no
        sector, or a probability is missing.
    """
    scored = _scored(predictions, labels)
    _check_replayed(replayed, scored)
    recorded = replayed.sort_values("fold").drop_duplicates(KEY)[[*KEY, "loss"]]
    rows = scored.merge(recorded.rename(columns={"loss": "recorded"}), on=KEY, how="left").sort_values(KEY)
    sectors = universe.set_index("symbol")["gics_sector"]
    rows["overall"] = "overall"
    rows["regime"] = _found(rows["date"].map(regimes.set_index("date")["regime"]), rows, "regimes", "regime")
    rows["sector"] = _found(rows["symbol"].map(sectors), rows, "universe", "gics_sector")
    rows["class"] = np.array(CLASSES)[rows["label"]]
    order = {"overall": ("overall",), "regime": REGIMES, "sector": sorted(rows["sector"].unique()), "class": CLASSES}
    groups = [
        {"kind": kind, "value": value, **_group(rows[rows[kind] == value])}
        for kind, values in order.items()
        for value in values
    ]
    table = pd.DataFrame(groups, columns=_GROUP_COLUMNS)
    return table[table["predicted"] > 0].reset_index(drop=True)


@without_time_zones
def replay_improvement(
    replayed: pd.DataFrame,
    features: pd.DataFrame,
    labels: pd.DataFrame,
    predictions: pd.DataFrame,
    without: pd.DataFrame,
    *,
    neighbours: int = 1,
    settings: Validation,
    seed: int,
) -> pd.DataFrame:
    """Measure the effect of replay on the loss of later rows that resemble the replayed ones, and of the others.

    Parameters
    ----------
    replayed, predictions : pandas.DataFrame
        The model's replay and predictions tables, of a walk with replay.
    features, labels : pandas.DataFrame
        The tables of these names.
    without : pandas.DataFrame
        The same rows as the predictions, of a walk on the same samples and seeds without replay.
    neighbours : int, default=1
        Look-alikes that each replayed row has in a test window.
    settings : Validation
        Its `block_days`, `resamples` and `level`.
    seed : int

    Returns
    -------
    pandas.DataFrame
        Two rows, of `part` `look_alikes` and `others`, a `fold` that replays something before a labelled test window,
        then two of all these windows together (`fold` is text, ``all`` there): `rows`, `dates`, log `loss` with replay
        and `loss_without`, `improvement` (their difference: positive where replay helped) and its interval, `low` to
        `high`, NaN where the part of a single window has fewer dates than two blocks. Without rows where nothing was
        replayed.

    Raises
    ------
    InputError
        If `neighbours` is below 1, the two walks predict different rows, a replayed row was not predicted in an earlier
        fold, has no label or had not matured before the test window, a row has no features, no feature varies before a
        test window, or a probability is missing.

    Notes
    -----
    The look-alikes of a fold are the nearest labelled rows of its own test window: all later than the replayed rows,
    none seen in training. The *others* are the rest of the window, and show the effect of replay on all rows. Distances
    are Euclidean over all features, as normal scores among the rows before the test window, so that neither units nor
    outliers count; see :meth:`barograph.validation.look_alikes.FeatureSpace.points`.

    The interval is of the improvement's mean; both walks see the same draw. Of all windows together it comes from
    whole folds, for each of which both models are frozen; of a single window from circular blocks of the part's dates,
    and describes that window.
    """
    if neighbours < 1:
        raise InputError(f"neighbours: {neighbours} given; it must be at least 1")
    _check_same_rows(predictions, without)
    scored = _scored(predictions, labels)
    scored["loss_without"] = scored[KEY].merge(_scored(without, labels), on=KEY, how="left")["loss"].to_numpy()
    _check_replayed(replayed, scored)
    space = FeatureSpace(features)
    windows = []
    for fold in sorted(replayed["fold"].unique()):
        mistakes = replayed[replayed["fold"] == fold]
        window = scored[scored["fold"] == fold]
        if not window.empty:
            _check_matured(mistakes, window["date"].min())
            rng = generator(seed, "replay", "reference", int(fold))
            windows.append(window.assign(alike=look_alikes(space, mistakes, window, neighbours, rng)))
    named = [(str(window["fold"].iloc[0]), window) for window in windows]
    named += [("all", pd.concat(windows))] if windows else []
    return pd.DataFrame(
        [
            _improvement(name, part, rows[rows["alike"] == alike], settings, seed)
            for name, rows in named
            for part, alike in (("look_alikes", True), ("others", False))
        ],
        columns=_IMPROVEMENT_COLUMNS,
    )


def _improvement(fold: str, part: str, rows: pd.DataFrame, settings: Validation, seed: int) -> dict[str, Any]:
    gain = (rows["loss_without"] - rows["loss"]).to_numpy()
    dates, first, date = np.unique(rows["date"].to_numpy(), return_index=True, return_inverse=True)
    estimate = UNDEFINED._replace(value=gain.mean() if gain.size else np.nan)
    case = np.unique(rows["fold"].to_numpy()[first], return_inverse=True)[1]
    if dates.size and can_resample(case, settings.block_days):
        rng = generator(seed, "replay", fold, part)
        block, resamples = settings.block_days, settings.resamples
        counts = episode_bootstrap_counts(case, block, resamples, rng, whole=True).astype(np.float64)
        means = counts @ np.bincount(date, gain) / (counts @ np.bincount(date))
        worth = independent_cases(case, settings.block_days)
        (estimate,) = estimates([estimate.value], means[:, None], settings.level, worth)
    losses = (rows["loss"].mean(), rows["loss_without"].mean())
    return dict(zip(_IMPROVEMENT_COLUMNS, (fold, part, len(rows), dates.size, *losses, *estimate), strict=True))


def _group(rows: pd.DataFrame) -> dict[str, Any]:
    again = rows["recorded"].notna()
    losses = {"mean_loss": rows["loss"].mean(), "mean_loss_replayed": rows["recorded"].mean()}
    return {"predicted": len(rows), "replayed": int(again.sum()), "share": again.mean()} | losses


def _scored(predictions: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Give `symbol, date, fold, label, loss` of the predictions whose row has a label, by symbol and date."""
    rows = predictions.merge(labels[[*KEY, "label"]], on=KEY).sort_values(KEY, ignore_index=True)
    losses = log_losses(rows[list(PROBABILITIES)].to_numpy(np.float64), rows["label"].to_numpy())
    if (unknown := np.isnan(losses)).any():
        raise InputError(f"predictions: {_named(rows.iloc[int(unknown.argmax())])} has no probability of its label")
    return rows[[*KEY, "fold", "label"]].assign(loss=losses)


def _check_same_rows(predictions: pd.DataFrame, without: pd.DataFrame) -> None:
    keys = [*KEY, "fold"]
    both = predictions[keys].merge(without[keys], on=keys, how="outer", indicator=True)
    alone = both[both["_merge"] != "both"]
    if len(alone):
        row = alone.iloc[0]
        where, other = ("with", "without") if row["_merge"] == "left_only" else ("without", "with")
        raise InputError(
            f"predictions: fold {row['fold']} predicts {_named(row)} {where} replay but not {other}; both must predict "
            "the same rows"
        )


def _check_replayed(replayed: pd.DataFrame, scored: pd.DataFrame) -> None:
    predicted = scored[[*KEY, "fold"]].rename(columns={"fold": "predicted_in"})
    rows = replayed[["fold", *KEY]].merge(predicted, on=KEY, how="left")
    early = rows["predicted_in"] < rows["fold"]
    if not early.all():
        row = rows[~early].iloc[0]
        known = pd.notna(row["predicted_in"])
        state = f"was predicted in fold {row['predicted_in']:.0f}" if known else "has no prediction with a label"
        raise InputError(
            f"replay: fold {row['fold']} replays {_named(row)}, which {state}; it must be a mistake of an earlier fold"
        )


def _check_matured(replayed: pd.DataFrame, start: pd.Timestamp) -> None:
    late = replayed[replayed["exit_date"] >= start]
    if len(late):
        row = late.iloc[0]
        raise InputError(
            f"replay: fold {row['fold']} replays {_named(row)}, known on {row['exit_date']:%Y-%m-%d}; it must be known "
            f"before the test window, which begins on {start:%Y-%m-%d}"
        )


def _found(values: "pd.Series[str]", rows: pd.DataFrame, table: str, column: str) -> "pd.Series[str]":
    if values.isna().any():
        raise InputError(f"{table}: no {column} for {_named(rows[values.isna()].iloc[0])}, which was predicted")
    return values


def _named(row: "pd.Series[Any]") -> str:
    return f"{row['symbol']} on {row['date']:%Y-%m-%d}"
