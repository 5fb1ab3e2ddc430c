"""The structural baseline: a forecast of volatility, and what it makes of the label."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from barograph.dates import without_time_zones
from barograph.ensemble.baselines import baseline_predictions, exam_baselines
from barograph.ensemble.stacking import fit_logit, from_log_odds
from barograph.ensemble.structural.inputs import observe
from barograph.ensemble.structural.volatility import fit_known, fit_years, forecast, forecast_years, yearly_limits
from barograph.errors import InputError
from barograph.folds import lives_touch
from barograph.labels.barriers import Barriers
from barograph.names import CLASSES, KEY, PROBABILITIES, REGIME_PRIOR, STRUCTURAL
from barograph.typing import Dates, Floats, Rows

# The first year with a forecast is the fifth year of data.
_YEARS_BEFORE: Final = 4
_RIDGE: Final = 1e-5


@dataclass(frozen=True)
class Structural:
    r"""A baseline of 18 coefficients that knows nothing but past volatility.

    What does not beat it has learned nothing beyond volatility: how far a price moves decides whether it reaches a
    barrier, and volatility is the part of that which can be forecast.

    With :math:`s` the standard deviation of the last 20 daily log returns, the first stage forecasts
    :math:`\ln(v / s)`, where :math:`v` is the root mean square of the returns of the label's life. It is a least
    squares regression on eleven inputs with a constant, over all symbols together: the same quantity over the last 5,
    63 and 252 returns (a week, a quarter and a year, after Corsi's heterogeneous autoregression [1]_) and their means
    over the day's symbols (volatility that markets share [2]_); over the last 21 without the largest (jumps do not
    persist as volatility does [3]_); over the days that followed one to four quarters ago (quarterly earnings
    announcements [4]_); the level of :math:`s`; and what the symbol lost over 21 days and the index over 5, in units of
    their volatility (the leverage effect [5]_, [6]_). It is fitted again for every calendar year.

    The second stage is a multinomial logistic regression of the label on :math:`1, f, f^2`, where :math:`f` is the
    forecast out of sample, over the barriers: :math:`\ln(v \sqrt{H}) - \tfrac12 \ln(u d)` with the horizon :math:`H`
    and the distances :math:`u` and :math:`d` of the upper and the lower barrier.

    Parameters
    ----------
    barriers : Barriers
        The maker of the labels, whose horizon and distances count.

    Warnings
    --------
    What it gains is volatility, not direction. The input on quarters assumes quarterly reports, and the means of a day
    are noisy with fewer than about 20 symbols.

    References
    ----------
    The inputs take these papers' ideas; the estimators, the windows and the second stage are Barograph's own.

    .. [1] Corsi, F. (2009). A simple approximate long-memory model of realized volatility. Journal of Financial
       Econometrics 7 (2), 174-196.
    .. [2] Bollerslev, T., Hood, B., Huss, J., Pedersen, L. H. (2018). Risk everywhere: modeling and managing
       volatility. Review of Financial Studies 31 (7), 2729-2773.
    .. [3] Barndorff-Nielsen, O. E., Shephard, N. (2004). Power and bipower variation with stochastic volatility and
       jumps. Journal of Financial Econometrics 2 (1), 1-37.
    .. [4] Patell, J. M., Wolfson, M. A. (1981). The ex ante and ex post price effects of quarterly earnings
       announcements reflected in option and stock prices. Journal of Accounting Research 19 (2), 434-458.
    .. [5] Black, F. (1976). Studies of stock price volatility changes. Proceedings of the American Statistical
       Association, Business and Economic Statistics Section, 177-181.
    .. [6] Christie, A. A. (1982). The stochastic behavior of common stock variances. Journal of Financial Economics
       10 (4), 407-432.
    """

    barriers: Barriers

    @without_time_zones
    def forecast(
        self, closes: pd.DataFrame, index_close: "pd.Series[float] | ArrayLike", *, embargo: int = 5
    ) -> Floats:
        """Forecast the volatility of each label's life, out of sample.

        Parameters
        ----------
        closes : pandas.DataFrame of shape (T, N)
            Closes by date, ascending, and symbol; NaN where a symbol has no bar.
        index_close : pandas.Series, or array of shape (T,)
            Closes of the index by date, ascending, also before or after `closes`; an array is of the dates of `closes`.
            Its dates are the trading days by which the embargo counts.
        embargo : int
            Trading days between the last life that a year's regression knows and the first day of that year.

        Returns
        -------
        float64 array of shape (T, N)
            Log of the forecast volatility of the whole life over the geometric mean of the two barriers' distances,
            which for volatility barriers of width 1 is the volatility that they are set by. NaN in the first four
            calendar years, in a year before which hardly a life has ended, and where an input is missing.

        Raises
        ------
        InputError
            If a date or a symbol is there twice, dates do not ascend, there are fewer than two, or a close is not
            positive and finite.
        """
        market = _Market(closes, index_close, self.barriers)
        return market.forecast(embargo)

    @without_time_zones
    def walk(
        self,
        closes: pd.DataFrame,
        index_close: "pd.Series[float] | ArrayLike",
        rows: pd.DataFrame,
        labels: pd.DataFrame,
        regimes: pd.DataFrame,
        folds: pd.DataFrame,
    ) -> pd.DataFrame:
        """Predict each fold's rows by what had matured before it.

        Parameters
        ----------
        closes, index_close
            As in :meth:`forecast`.
        rows : pandas.DataFrame
            The rows to predict: `symbol`, `date` and `fold`.
        labels, regimes, folds : pandas.DataFrame
            The labels table, the regimes table and the folds table. The embargo is that of the folds.

        Returns
        -------
        pandas.DataFrame
            As the table of the ensemble's predictions, in the order of `rows`. A row without a forecast gets the
            probabilities of `regime_prior`; so do all rows of a fold before which the labels with a forecast did not
            show all three classes.

        Raises
        ------
        InputError
            As :meth:`forecast`; also if a row's fold is unknown.
        """
        market = _Market(closes, index_close, self.barriers)
        forecasts = market.forecast(_embargo(folds, market.calendar))
        until = zip(folds["fold"], folds["train_end"], strict=True)
        pasts = ((fold, forecasts, labels["exit_date"] <= day) for fold, day in until)
        table = _predict(market, rows[[*KEY, "fold"]], labels, pasts)
        return _completed(table, baseline_predictions(_unanswered(table), labels, regimes, folds))

    @without_time_zones
    def exam_predictions(
        self,
        closes: pd.DataFrame,
        index_close: "pd.Series[float] | ArrayLike",
        rows: pd.DataFrame,
        labels: pd.DataFrame,
        regimes: pd.DataFrame,
        exams: pd.DataFrame,
    ) -> pd.DataFrame:
        """Predict each exam's rows by everything but what touches the days that the exam leaves out.

        As in every exam, the past is not the limit: both stages are fitted once, on all lives before and after those
        days, and the second stage learns from the first one's forecasts of its own rows. Inputs of later rows look back
        at the prices of those days, as the models' features do. Arguments, result and errors are those of :meth:`walk`,
        with the column `exam` in place of `fold` and the exams table in place of the folds.
        """
        market = _Market(closes, index_close, self.barriers)
        each: Iterable[Any] = exams.itertuples()
        spans = ((exam.exam, exam.left_out_from, exam.left_out_to) for exam in each)
        pasts = ((name, market.forecast_without(*span), ~lives_touch(labels, *span)) for name, *span in spans)
        table = _predict(market, rows[[*KEY, "exam"]], labels, pasts)
        return _completed(table, exam_baselines(_unanswered(table), labels, regimes, exams))


class _Market:
    """Observations of a market, and where they are."""

    def __init__(self, closes: pd.DataFrame, index_close: "pd.Series[float] | ArrayLike", barriers: Barriers) -> None:
        _check("closes", closes)
        if not isinstance(index_close, pd.Series):
            index_close = pd.Series(np.asarray(index_close, np.float64), closes.index)
        _check("index_close", index_close.to_frame("the index"))
        self.dates, self.symbols = pd.DatetimeIndex(closes.index), closes.columns
        self.calendar = index_close.index.to_numpy()
        self.observed = observe(closes, index_close.dropna(), barriers)

    def forecast(self, embargo: int) -> Floats:
        """Forecast each year from the fifth on by the lives that ended so many trading days before it."""
        years = self.dates.year.to_numpy()
        limits = yearly_limits(self.calendar, years[0] + _YEARS_BEFORE, years[-1], embargo)
        return forecast_years(self.observed, fit_years(self.observed, limits), years)

    def forecast_without(self, since: pd.Timestamp, until: pd.Timestamp) -> Floats:
        """Forecast all rows by those whose life does not touch a closed span of days."""
        observed = self.observed
        touches = (self.dates <= until)[:, None] & (observed.life_end >= since.to_datetime64())
        if (coefficients := fit_known(observed, ~touches)) is None:
            return np.full(touches.shape, np.nan)
        return forecast(observed.inputs, observed.to_barriers, coefficients)

    def find(self, rows: pd.DataFrame) -> tuple[Rows, Rows]:
        """Give the position of the date and of the symbol of a table's rows; -1 where the market has none."""
        return self.dates.get_indexer(pd.Index(rows["date"])), self.symbols.get_indexer(pd.Index(rows["symbol"]))


def _check(name: str, closes: pd.DataFrame) -> None:
    index, symbols = closes.index, closes.columns
    if not (isinstance(index, pd.DatetimeIndex) and index.is_monotonic_increasing and index.is_unique):
        raise InputError(f"{name}: the index must be dates, ascending and each once")
    if len(index) < 2:
        raise InputError(f"{name}: {len(index)} dates; a return needs two")
    if not symbols.is_unique:
        raise InputError(f"{name}: {symbols[symbols.duplicated()][0]} is there twice; each symbol needs one column")
    if (bad := ~(closes.isna() | ((closes > 0) & (closes < np.inf))).to_numpy()).any():
        date, symbol = np.argwhere(bad)[0]
        where = f"{closes.columns[symbol]} on {closes.index[date]:%Y-%m-%d}"
        raise InputError(f"{name}: {where} is {closes.iloc[date, symbol]}; closes must be positive and finite, or NaN")


def _embargo(folds: pd.DataFrame, calendar: Dates) -> int:
    """Count the trading days after a fold's last day of training and before its test window."""
    days = pd.Index(calendar)
    return int(((days > folds["train_end"].iloc[0]) & (days < folds["test_start"].iloc[0])).sum())


def _predict(
    market: _Market, rows: pd.DataFrame, labels: pd.DataFrame, pasts: Iterable[tuple[Any, Floats, "pd.Series[bool]"]]
) -> pd.DataFrame:
    """Predict each group of rows, which their last column tells apart, by its forecasts and its past labels."""
    group, label = rows.columns[-1], labels["label"].to_numpy()
    of_labels, of_rows = market.find(labels), market.find(rows)
    left, predicted = rows.groupby(group).indices, np.full((len(rows), len(CLASSES)), np.nan)
    for name, forecasts, known in pasts:
        if (asked := left.pop(name, None)) is None:
            continue
        past, now = _at(of_labels, forecasts), _powers(_at(of_rows, forecasts)[asked])
        learned = known.to_numpy() & ~np.isnan(past)
        if np.unique(label[learned]).size == len(CLASSES):
            weights = fit_logit(_powers(past[learned]), label[learned], _RIDGE)
            # Not a matrix product, as in `forecast`.
            predicted[asked] = from_log_odds((now[:, :, None] * weights).sum(axis=1))
    if left:
        raise InputError(f"structural: rows of {group} {next(iter(left))}, which the table of {group}s does not have")
    columns = dict(zip(PROBABILITIES, predicted.T, strict=True))
    return rows.reset_index(drop=True).assign(predictor=STRUCTURAL, **columns)


def _at(places: tuple[Rows, Rows], values: Floats) -> Floats:
    date, symbol = places
    return np.where((date >= 0) & (symbol >= 0), values[date, symbol], np.nan)


def _powers(forecasts: Floats) -> Floats:
    return np.column_stack([np.ones(forecasts.size), forecasts, forecasts**2])


def _unanswered(table: pd.DataFrame) -> pd.DataFrame:
    return table[table[PROBABILITIES[0]].isna()]


def _completed(table: pd.DataFrame, baselines: pd.DataFrame) -> pd.DataFrame:
    """Give the rows that are not answered the probabilities of the regime table."""
    missing, columns = _unanswered(table), list(PROBABILITIES)
    regime_prior = baselines[baselines["predictor"] == REGIME_PRIOR]
    key = [name for name in table if name not in (*columns, "predictor")]
    table.loc[missing.index, columns] = missing[key].merge(regime_prior, "left", key)[columns].to_numpy()
    return table
