"""The inputs of the structural baseline, one bar at a time in plain Python, from closes with gaps, jumps and stops."""

import math
import statistics
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from barograph.ensemble.structural.inputs import INPUTS, observe
from barograph.labels import FixedBarrier, VolatilityBarrier

MAKERS = [
    VolatilityBarrier(horizon=14, width=1.0, window=20),
    VolatilityBarrier(horizon=5, width=2.0, window=30),
    FixedBarrier(horizon=21, upper=0.1, lower=0.05),
    FixedBarrier(horizon=80, upper=0.1, lower=0.05),
]


def _closes() -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(2)
    dates = pd.bdate_range("2001-01-01", periods=420)
    moves = 0.02 * rng.standard_t(3, (420, 4)) * np.exp(np.sin(np.arange(420) / 30))[:, None]
    moves[200:230, 1] = 0.0
    moves[215, 1] = 0.1
    moves[300:306, 2] = 0.0
    moves[350, 2] = -0.4
    closes = pd.DataFrame(np.exp(moves.cumsum(axis=0)), dates, list("ABCD"))
    closes.loc[closes.index[:100], "D"] = np.nan
    closes = closes.mask(rng.random(closes.shape) < [0.1, 0, 0, 0])
    index_dates = pd.bdate_range(end=dates[-30], periods=430)
    index_close = pd.Series(np.exp(rng.normal(-0.001, 0.01, 430).cumsum()), index_dates)
    return closes, index_close


def _returns(closes: pd.Series) -> tuple[list, list[float]]:
    known = closes.dropna()
    logs = [math.log(value) for value in known]
    return list(known.index), [b - a for a, b in pairwise(logs)]


def _rms(values: list[float]) -> float:
    return math.sqrt(sum(value**2 for value in values) / len(values))


def _expected(r: list[float], horizon: int) -> dict[str, float]:
    """Give a symbol's own inputs after its returns `r`; nothing where one of them is missing."""
    if len(r) < 21 or (s := statistics.stdev(r[-20:])) < 1e-6:
        return {}

    def relative(volatility: float) -> float:
        return math.log(max(volatility, 0.05 * s) / s)

    month, ahead = sorted(value**2 for value in r[-21:]), min(horizon, 63)
    echoes = [r[len(r) - 63 * k : len(r) - 63 * k + ahead] for k in (1, 2, 3, 4) if len(r) >= 63 * k]
    found = {f"rms_{days}": relative(_rms(r[-days:])) for days in (5, 63, 252)}
    found["nojump"] = math.log(math.sqrt(max(sum(month[:-1]), 1e-12) / 20) / s)
    echo = math.sqrt(sum(_rms(each) ** 2 for each in echoes) / len(echoes)) if echoes else _rms(r[-63:])
    found |= {"echo": relative(echo), "level": math.log(s / 0.02)}
    found["leverage_21"] = min(sum(r[-21:]) / (s * math.sqrt(21)), 0.0)
    return found | {"s": s}


@pytest.mark.parametrize("barriers", MAKERS, ids=str)
def test_inputs_outcome_and_distance_bar_by_bar(barriers):
    closes, index_close = _closes()
    observed = observe(closes, index_close, barriers)
    horizon, seen = barriers.horizon, np.zeros(closes.shape, bool)
    index_days, index_returns = _returns(index_close)
    for column, symbol in enumerate(closes):
        days, r = _returns(closes[symbol])
        for bar in range(1, len(days)):
            row, own = closes.index.get_loc(days[bar]), _expected(r[:bar], horizon)
            found = dict(zip(INPUTS, observed.inputs[:, row, column], strict=True))
            if not own:
                assert np.isnan(list(found.values())[:7]).any()
                continue
            seen[row, column] = True
            s = own.pop("s")
            assert {name: found[name] for name in own} == pytest.approx(own, rel=1e-9, abs=1e-12)
            if days[bar] in index_days:
                last = index_returns[: index_days.index(days[bar])]
                fall = min(sum(last[-5:]) / (_rms(last[-63:]) * math.sqrt(5)), 0.0) if len(last) >= 63 else math.nan
                assert found["index_leverage_5"] == pytest.approx(fall, rel=1e-9, nan_ok=True)
            else:
                assert math.isnan(found["index_leverage_5"])
            ahead = r[bar : bar + horizon]
            complete = len(ahead) == horizon
            life = math.log(max(_rms(ahead), 0.05 * s) / s) if complete else math.nan
            assert observed.outcome[row, column] == pytest.approx(life, rel=1e-9, abs=1e-12, nan_ok=True)
            end = days[bar + horizon] if complete else pd.NaT
            assert pd.Timestamp(observed.life_end[row, column]) is end or observed.life_end[row, column] == end
            if isinstance(barriers, FixedBarrier):
                distance = math.sqrt(0.1 * 0.05)
            elif bar < barriers.window:
                distance = math.nan
            else:
                distance = barriers.width * statistics.stdev(r[bar - barriers.window : bar]) * math.sqrt(horizon)
            expected = math.log(s * math.sqrt(horizon) / distance)
            assert observed.to_barriers[row, column] == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)
    assert seen.sum(axis=0).min() > 250
    for name in ("rms_5", "rms_63", "rms_252"):
        values, means = (observed.inputs[INPUTS.index(n)] for n in (name, f"mean_{name}"))
        for row in np.flatnonzero(seen.any(axis=1)):
            there = values[row][np.isfinite(values[row])]
            assert means[row] == pytest.approx(there.mean(), rel=1e-12)


def test_an_index_that_does_not_move_gives_no_input():
    closes, index_close = _closes()
    observed = observe(closes, index_close * 0 + 7, MAKERS[0])
    assert np.isnan(observed.inputs[INPUTS.index("index_leverage_5")]).all()
