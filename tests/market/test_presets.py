"""Markets of one kind: their stated figures over several seeds, and oracles of the stated accuracy."""

from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from barograph.market import MarketData
from barograph.market.simulation import PRESETS, PresetName, simulate_preset_closes, simulate_preset_economy
from barograph.testing import simulate_preset

Floats = NDArray[np.float64]
SEEDS: Final = range(8)
DATES: Final = pd.bdate_range("2010-01-01", "2017-12-31")


@dataclass(frozen=True)
class Stated:
    """The row of the table in the documentation, typed off again."""

    annual_return: float
    vix: float
    accuracy: float
    autocorrelation: float = 0.0
    variance_ratio: float = 1.0


STATED: Final[dict[PresetName, Stated]] = {
    "bull": Stated(0.20, 15.0, 0.80),
    "bear": Stated(-0.075, 28.0, 0.65),
    "high_volatility": Stated(0.05, 39.0, 0.60),
    "low_volatility": Stated(0.10, 11.0, 0.85),
    "trending": Stated(0.10, 18.0, 0.82, 0.13, 1.8),
    "mean_reverting": Stated(0.03, 18.0, 0.68, -0.15, 0.4),
}


@dataclass(frozen=True)
class Sample:
    """What one seed draws: simple returns of the index (T,) and of six stocks (T, 6), and the VIX."""

    index: Floats
    stocks: Floats
    vix: Floats


@dataclass(frozen=True)
class Kind:
    """One kind of market: draws of several seeds, and two of them as a user gets them."""

    stated: Stated
    samples: list[Sample]
    markets: list[MarketData]


def _sample(name: PresetName, seed: int) -> Sample:
    economy = simulate_preset_economy(seed, PRESETS[name], DATES)
    closes = simulate_preset_closes(seed, PRESETS[name], economy, 6, DATES)
    return Sample(economy.index_return[1:], closes[1:] / closes[:-1] - 1, economy.vix)


@pytest.fixture(scope="module", params=STATED)
def kind(request: pytest.FixtureRequest) -> Kind:
    name = request.param
    samples, markets = [_sample(name, seed) for seed in SEEDS], [simulate_preset(name, seed=seed) for seed in (0, 1)]
    return Kind(STATED[name], samples, markets)


def _autocorrelation(growth: Floats) -> float:
    return float(np.corrcoef(growth[:-1], growth[1:])[0, 1])


def _variance_ratio(growth: Floats, days: int) -> float:
    """Compare the variance of overlapping sums with that of their parts (Lo and MacKinlay 1988)."""
    centred = growth - growth.mean()
    sums = np.convolve(centred, np.ones(days), "valid")
    return float((sums**2).mean() / (days * (centred**2).mean()))


def test_every_preset_is_stated() -> None:
    assert set(STATED) == set(PRESETS) == set(get_args(PresetName))


def test_the_index_returns_what_is_stated(kind: Kind) -> None:
    annual = np.array([np.expm1(252 * np.log1p(sample.index).mean()) for sample in kind.samples])
    assert annual.mean() == pytest.approx(kind.stated.annual_return, abs=0.025)
    assert (np.abs(annual - kind.stated.annual_return) < 0.09).all(), annual
    if abs(kind.stated.annual_return) > 0.06:
        assert (np.sign(annual) == np.sign(kind.stated.annual_return)).all()


def test_stocks_return_about_what_the_index_does(kind: Kind) -> None:
    annual = [np.expm1(252 * np.log1p(sample.stocks.mean(axis=1)).mean()) for sample in kind.samples]
    assert np.mean(annual) == pytest.approx(kind.stated.annual_return, abs=0.04)


def test_the_vix_is_near_what_is_stated_and_announces_volatility(kind: Kind) -> None:
    for sample in kind.samples:
        assert sample.vix.mean() == pytest.approx(kind.stated.vix, rel=0.03)
        realised = 100 * np.log1p(sample.index).std() * np.sqrt(252)
        assert realised == pytest.approx(kind.stated.vix / 1.12, rel=0.07)


def test_a_user_gets_index_and_vix_of_the_kind(kind: Kind) -> None:
    for data in kind.markets:
        growth = np.log(data.context["index_close"]).diff().mean()
        assert np.expm1(252 * growth) == pytest.approx(kind.stated.annual_return, abs=0.09)
        assert data.context["vix"].mean() == pytest.approx(kind.stated.vix, rel=0.03)


def test_high_and_low_volatility_stay_beyond_their_limits() -> None:
    for seed in SEEDS:
        assert (_sample("high_volatility", seed).vix > 30).mean() > 0.99
        assert (_sample("low_volatility", seed).vix < 15).mean() > 0.99


def test_texture_of_index_and_stocks(kind: Kind) -> None:
    """Statistics of single series scatter, by 0.025 and 0.15; means over seeds and stocks hardly."""
    index = [np.log1p(sample.index) for sample in kind.samples]
    stocks = [stock for sample in kind.samples for stock in np.log1p(sample.stocks).T]
    for series in (index, stocks):
        near = [_autocorrelation(growth) for growth in series]
        ratio = [_variance_ratio(growth, 10) for growth in series]
        assert np.mean(near) == pytest.approx(kind.stated.autocorrelation, abs=0.025)
        assert np.mean(ratio) == pytest.approx(kind.stated.variance_ratio, abs=0.12)
        if kind.stated.variance_ratio != 1.0:
            assert (np.sign(near) == np.sign(kind.stated.autocorrelation)).all()
            assert (np.sign(np.array(ratio) - 1) == np.sign(kind.stated.variance_ratio - 1)).all()


def _hits(data: MarketData) -> pd.DataFrame:
    """Compare every signal's sign with that of the return over the symbol's next five bars."""
    bars = data.bars[["symbol", "date", "close"]]
    ahead = bars.groupby("symbol")["close"].shift(-5)
    table = bars.assign(future=ahead / bars["close"] - 1).merge(data.signals, on=["symbol", "date"], how="left")
    return table.assign(hit=np.sign(table["value"]) == np.sign(table["future"]))


def test_the_oracle_is_as_accurate_as_stated(kind: Kind) -> None:
    for data in kind.markets:
        table = _hits(data).dropna(subset="value")
        assert len(table) == 6 * (len(data.context) - 5)
        assert table["hit"].mean() == pytest.approx(kind.stated.accuracy, abs=0.003)
        # A few thousand rows, cut anywhere.
        assert table["hit"].iloc[777:3777].mean() == pytest.approx(kind.stated.accuracy, abs=0.01)
        first = table[table["symbol"] == "S001"]["hit"]
        assert first.iloc[:100].sum() == round(100 * kind.stated.accuracy)
        assert len({tuple(first.iloc[start : start + 100]) for start in (0, 100, 200)}) == 3


def test_the_oracle_has_rows_up_to_the_last_known_return_and_a_size_that_says_nothing(kind: Kind) -> None:
    data = kind.markets[0]
    assert (data.signals["name"] == "ml").all()
    assert (data.signals["available_from"] == data.signals["date"]).all()
    table = _hits(data)
    assert (table["value"].isna() == table["future"].isna()).all()
    known = table.dropna(subset="value")
    size = known["value"].abs()
    assert size.between(0.1, 1.0, inclusive="left").all()
    assert abs(np.corrcoef(size, known["hit"])[0, 1]) < 0.03
    assert abs(np.corrcoef(size, known["future"].abs())[0, 1]) < 0.03


@pytest.mark.parametrize("preset", ["bull", "mean_reverting"])
def test_more_years_and_symbols_leave_earlier_rows_as_they_are(preset: PresetName) -> None:
    part = simulate_preset(preset, symbols=1, years=3)
    last = part.context["date"].iloc[-1]
    for whole in (simulate_preset(preset, symbols=1, years=5), simulate_preset(preset, symbols=4, years=3)):
        for name in ("bars", "context"):
            frame = getattr(whole, name)
            rows = (frame["date"] <= last) & (frame["symbol"] == "S001" if name == "bars" else True)
            pd.testing.assert_frame_equal(getattr(part, name), frame[rows].reset_index(drop=True), check_exact=True)
        signals = whole.signals[(whole.signals["symbol"] == "S001")].iloc[: len(part.signals)]
        pd.testing.assert_frame_equal(part.signals, signals.reset_index(drop=True), check_exact=True)


def test_there_is_no_oracle_unless_asked_for() -> None:
    with_oracle, without = (simulate_preset("bull", years=2, signals=flag) for flag in (True, False))
    assert without.signals is None
    pd.testing.assert_frame_equal(with_oracle.bars, without.bars, check_exact=True)


def test_seeds_and_kinds_differ() -> None:
    markets = [simulate_preset("bull", years=2), simulate_preset("bull", seed=1, years=2), simulate_preset("bear")]
    closes = [data.bars["close"].to_numpy()[1:400] for data in markets]
    assert not np.isclose(closes[0], closes[1]).any()
    assert not np.isclose(closes[0], closes[2]).any()


@pytest.mark.parametrize(("argument", "value"), [("preset", "boom"), ("symbols", 0), ("years", 1), ("signals", 1)])
def test_an_argument_out_of_range_is_refused(argument: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=argument):
        simulate_preset(**{"preset": "bull", argument: value})
