"""Signals of others: which value counts on a date, where they come from, and how they are chosen."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.features import available, catalogue, compute, feature
from barograph.features.signals import merge

from .markets import Market, random_signals
from .test_facts import bars_of
from .test_feature_set import default

NAN = float("nan")
WEEK = ["2020-01-06", "2020-01-07", "2020-01-08", "2020-01-09", "2020-01-10"]


def signals_of(*rows: tuple[str, str, float], name: str = "mine", symbol: str = "A") -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["date", "available_from", "value"]).assign(symbol=symbol, name=name)
    return table.assign(date=pd.to_datetime(table["date"]), available_from=pd.to_datetime(table["available_from"]))


def values(bars: pd.DataFrame, signals: pd.DataFrame) -> list[float]:
    column: list[float] = compute(bars, names=["signal_mine"], signals=signals)["signal_mine"].tolist()
    return column


def test_a_signal_counts_on_its_date_if_it_is_known_and_later_if_it_comes_late() -> None:
    signals = signals_of(("2020-01-07", "2020-01-07", 1.0), ("2020-01-08", "2020-01-10", 2.0))
    assert values(bars_of(A=WEEK), signals) == pytest.approx([NAN, 1, 1, 1, 2], nan_ok=True)


def test_a_forecast_published_ahead_waits_for_its_date() -> None:
    signals = signals_of(("2020-01-06", "2020-01-06", 1.0), ("2020-01-09", "2020-01-06", 2.0))
    assert values(bars_of(A=WEEK), signals) == [1, 1, 1, 2, 2]


def test_an_older_date_that_arrives_late_replaces_nothing() -> None:
    signals = signals_of(("2020-01-07", "2020-01-07", 1.0), ("2020-01-06", "2020-01-09", 2.0))
    assert values(bars_of(A=WEEK), signals) == pytest.approx([NAN, 1, 1, 1, 1], nan_ok=True)


def test_a_signal_lapses_seven_days_after_its_date_however_late_it_came() -> None:
    bars = bars_of(A=["2020-01-06", "2020-01-10", "2020-01-13", "2020-01-14"])
    assert values(bars, signals_of(("2020-01-06", "2020-01-10", 1.0))) == pytest.approx([NAN, 1, 1, NAN], nan_ok=True)
    assert np.isnan(values(bars, signals_of(("2020-01-06", "2020-01-14", 1.0)))).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_the_join_agrees_with_looking_each_row_up(seed: int) -> None:
    dates = pd.Series(pd.bdate_range("2020-01-01", periods=40))
    signals = random_signals(["A", "B", "X"], dates, seed).sample(frac=1.0, random_state=seed)
    bars = bars_of(B=[f"{day:%F}" for day in dates[10:]], A=[f"{day:%F}" for day in dates])
    frame = compute(bars, names=["signal_mine", "signal_other"], signals=signals)
    published = list(signals[["symbol", "name", "date", "available_from", "value"]].itertuples(index=False))
    for row in frame.itertuples():
        for name, value in (("mine", row.signal_mine), ("other", row.signal_other)):
            known = [
                signal
                for signal in published
                if (signal.symbol, signal.name) == (row.symbol, name)
                and max(signal.date, signal.available_from) <= row.date
            ]
            newest = max(known, key=lambda signal: signal.date, default=None)
            fresh = newest and (row.date - newest.date).days <= 7
            assert value == newest.value if fresh else np.isnan(value)


def test_signals_come_after_the_catalogue_and_leave_it_alone(market: Market) -> None:
    signals = random_signals(["S00", "S01"], market.context["date"])
    before = catalogue()
    names, left_out = available(market._replace(signals=signals).data)
    assert names[-2:] == ["signal_mine", "signal_other"]
    assert not {"signal_mine", "signal_other"} & set(left_out)
    assert list(compute(market.bars, signals=signals).columns[-2:]) == ["signal_mine", "signal_other"]
    assert catalogue() == before


@pytest.mark.usefixtures("open_catalogue")
def test_a_feature_of_the_users_own_may_read_a_signal(market: Market) -> None:
    @feature("doubled", family="mine", inputs=("signal_mine",), lookback=0)
    def doubled(signal: np.ndarray) -> np.ndarray:
        return 2.0 * signal

    signals = random_signals(["S00", "S01"], market.context["date"])
    frame = compute(market.bars, names=["doubled", "signal_mine"], signals=signals)
    np.testing.assert_array_equal(frame["doubled"], 2.0 * frame["signal_mine"])
    assert frame["doubled"].notna().sum() > 800


def test_a_signal_that_is_not_there_is_refused(market: Market) -> None:
    with pytest.raises(InputError, match=r"'signal_yours' is unknown; allowed are .*'signal_mine'"):
        compute(
            market.bars, names=["signal_yours"], signals=signals_of(("2003-01-06", "2003-01-06", 1.0), symbol="S00")
        )


def test_tables_of_signals_are_joined_and_their_entries_name_the_file() -> None:
    one = signals_of(("2020-01-06", "2020-01-06", 1.0))
    two = signals_of(("2020-01-06", "2020-01-06", 2.0), name="also")
    joined, entries = merge({"data/market/signals.parquet": one, "a.csv": two})
    assert joined["value"].tolist() == [1.0, 2.0]
    assert [(entry.name, entry.family, entry.source) for entry in entries] == [
        ("signal_also", "signals", "a.csv"),
        ("signal_mine", "signals", "data/market/signals.parquet"),
    ]
    assert "7 days" in entries[0].formula
    assert merge({"data/market/signals.parquet": None, "a.csv": two.iloc[:0]}) == (None, [])


def test_a_name_in_both_tables_is_refused() -> None:
    one = signals_of(("2020-01-06", "2020-01-06", 1.0))
    with pytest.raises(InputError, match=r"^a.csv: the signal 'mine' is in data/market/signals.parquet too; choose"):
        merge({"data/market/signals.parquet": one, "a.csv": one})


def test_the_family_chooses_signals_and_their_names_may_be_given(market: Market) -> None:
    whole = market._replace(signals=random_signals(["S00", "S01"], market.context["date"]))
    assert list(default(families=["signals"]).compute(whole.data).columns[2:]) == ["signal_mine", "signal_other"]
    assert "signal_mine" not in default(families=["trend"]).compute(whole.data)
    chosen = default(names=["signal_other", "rsi_14"])
    assert list(chosen.compute(whole.data).columns[2:]) == ["signal_other", "rsi_14"]
    with pytest.raises(InputError, match="'signal_other' is unknown"):
        chosen.compute(market.data)
    with pytest.raises(ValueError, match="'signal_other' is unknown"):
        default(names=["signal_other"], families=["trend"])


@pytest.mark.parametrize("file", ["signals", "signals.txt", ""])
def test_the_file_of_signals_is_csv_or_parquet(file: str) -> None:
    with pytest.raises(ValueError, match="csv"):
        default(signals=file)


def test_the_shipped_file_has_the_header_alone() -> None:
    text = (Path(__file__).parents[2] / "conf/features/signals.csv").read_text()
    assert text == "symbol,date,name,value,available_from\n"
