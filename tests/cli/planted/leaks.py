"""Features that look ahead, each under a condition of its own; `honest` ones look back under the same conditions."""

import numpy as np

from barograph.features import feature

SCALE: dict[str, float] = {}
LONGEST: dict[float, np.ndarray] = {}


def acting(name, *inputs, scope="symbol"):
    return feature(name, family="mine", inputs=inputs, lookback=0, scope=scope)


def ahead(close):
    """Give tomorrow's return; 0 on the last day."""
    return np.concatenate([close[1:] / close[:-1] - 1.0, np.zeros_like(close[-1:])])


def past(close, days):
    return np.append(np.zeros(min(days, len(close))), close[days:] / close[:-days] - 1.0)


def filled(close):
    """Carry the last close of each column forward."""
    rows = np.where(np.isnan(close), 0, np.arange(len(close))[:, None])
    return np.take_along_axis(close, np.maximum.accumulate(rows), axis=0)


def seen(close):
    """Count the bars of each column so far."""
    return np.cumsum(~np.isnan(close), axis=0)


@acting("kept_scaler", "close")
def kept_scaler(close):
    return close / SCALE.setdefault("mean", close.mean())


@acting("kept_longest", "close")
def kept_longest(close):
    if len(close) > len(LONGEST.get(close[0], [])):
        LONGEST[close[0]] = close.copy()
    return ahead(LONGEST[close[0]])[: len(close)]


@acting("zero_volume", "close", "volume")
def zero_volume(close, volume):
    return np.where(volume == 0.0, ahead(close), 0.0)


@acting("missing_volume", "close", "volume", scope="panel")
def missing_volume(close, volume):
    return np.where(np.isnan(volume) & ~np.isnan(close), np.nan_to_num(ahead(filled(close))), 0.0)


@acting("vix_above_60", "close", "vix")
def vix_above_60(close, vix):
    return np.where(vix > 60.0, ahead(close), 0.0)


@acting("vix_at_its_highest", "close", "vix")
def vix_at_its_highest(close, vix):
    return np.where(vix >= vix.max(), ahead(close), 0.0)


@acting("in_a_crash", "close")
def in_a_crash(close):
    return np.where(past(close, 10) < -0.25, ahead(close), 0.0)


@acting("after_a_gap", "close", scope="panel")
def after_a_gap(close):
    missing = np.vstack([np.zeros((1, close.shape[1]), bool), np.isnan(close[:-1])])
    resumes = missing & ~np.isnan(close) & (seen(close) > 1)
    return np.where(resumes, np.nan_to_num(ahead(filled(close))), 0.0)


@acting("before_a_gap", "close", scope="panel")
def before_a_gap(close):
    stops = np.vstack([np.isnan(close[1:]), np.zeros((1, close.shape[1]), bool)])
    return np.where(stops & ~np.isnan(close), 1.0, 0.0)


@acting("late_listing", "close", scope="panel")
def late_listing(close):
    late = np.isnan(close[0]) & (seen(close) == 1)
    return np.where(late, np.nan_to_num(ahead(filled(close))), 0.0)


@acting("before_a_delisting", "close", scope="panel")
def before_a_delisting(close):
    total = (~np.isnan(close)).sum(axis=0)
    return np.where((seen(close) > total - 20) & np.isnan(close[-1]), 1.0, 0.0)


@acting("at_the_high", "close")
def at_the_high(close):
    return np.where(close >= close.max(), ahead(close), 0.0)


@acting("at_the_largest_volume", "close", "volume")
def at_the_largest_volume(close, volume):
    return np.where(volume >= volume.max(), ahead(close), 0.0)


@acting("at_the_largest_rise", "close")
def at_the_largest_rise(close):
    return np.where(past(close, 1) >= past(close, 1).max(), ahead(close), 0.0)


@acting("without_a_move", "close")
def without_a_move(close):
    return np.where((past(close, 1) == 0.0) & (np.arange(len(close)) > 0), ahead(close), 0.0)


@acting("honest_level", "close")
def honest_level(close):
    return close / np.maximum.accumulate(close)


@acting("honest_crash", "close", "vix")
def honest_crash(close, vix):
    return np.where(vix > 60.0, past(close, 10), 0.0)


@acting("honest_volume", "close", "volume")
def honest_volume(close, volume):
    return np.where(volume == 0.0, past(close, 1), 0.0)


@acting("honest_listing", "close", scope="panel")
def honest_listing(close):
    return np.where(np.isnan(close[0]) & (seen(close) == 1), 1.0, 0.0)
