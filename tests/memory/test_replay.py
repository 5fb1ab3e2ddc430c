"""What a model is shown again: the worst of what had matured, within bounds, weighted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.memory import ErrorReplay, Replay, Weights, replayed_by_regime
from barograph.names import REGIMES

SETTINGS = Replay(worst=0.5, max_share=0.2, weight=3.0, max_age=None)
DATES = pd.bdate_range("2010-01-04", periods=40).astype("datetime64[us]")
LABELS = pd.DataFrame(
    {
        "symbol": np.repeat(["A", "B"], 40),
        "date": np.tile(DATES, 2),
        "label": np.tile([0, 1, 2, 1], 20).astype(np.int8),
        "exit_date": np.tile(DATES + pd.Timedelta(days=7), 2),
        "uniqueness": np.linspace(0.1, 0.9, 80),
    }
)
TABLE = pd.DataFrame({"date": DATES, "regime": np.where(np.arange(40) < 20, "normal", "crash")})
WEIGHTS = Weights(regime=dict.fromkeys(REGIMES, 1.0) | {"crash": 2.0}, uniqueness=True)
LATE = pd.Timestamp("2012-01-02")


def replaying(**changes) -> ErrorReplay:
    return ErrorReplay(replace(SETTINGS, **changes), None, None, LABELS, TABLE)


def shown_rows(n: int, copies: int = 1) -> pd.DataFrame:
    """Rows of B, the last ones first shown; each `copies` times, so that A's are new."""
    own = LABELS[LABELS["symbol"] == "B"].head(n // copies)[["symbol", "date"]]
    rows = own.loc[own.index.repeat(copies)].reset_index(drop=True)
    copy = rows.groupby(["symbol", "date"]).cumcount()
    return rows.assign(fold=3, copy=copy, source="window", event=None, regime="normal", weight=0.5)


def losses_of(rows: pd.DataFrame, loss) -> pd.DataFrame:
    return rows[["symbol", "date", "exit_date", "uniqueness"]].assign(loss=np.asarray(loss, float))


def test_the_loss_is_minus_the_log_of_what_was_given_to_what_happened():
    predictions = (
        LABELS[["symbol", "date"]].head(3).assign(p_sell=[0.5, 0.2, 1.0], p_hold=[0.3, 0.7, 0.0], p_buy=[0.2, 0.1, 0])
    )
    unlabelled = pd.DataFrame({"symbol": ["Z"], "date": DATES[:1], "p_sell": 1.0, "p_hold": 0.0, "p_buy": 0.0})
    found = replaying().losses(pd.concat([predictions, unlabelled]))
    expected = [-np.log(0.5), -np.log(0.7), -np.log(np.finfo(float).eps)]
    np.testing.assert_allclose(found["loss"], expected)
    assert found["exit_date"].tolist() == LABELS["exit_date"].head(3).tolist()


def test_a_date_without_a_regime_is_not_replayed():
    predictions = LABELS[["symbol", "date"]].head(3).assign(p_sell=0.5, p_hold=0.3, p_buy=0.2)
    found = replace(replaying(), regimes=TABLE.iloc[1:]).losses(predictions)
    assert found["date"].tolist() == DATES[1:3].tolist()


def test_the_worst_share_comes_first_and_half_of_it_is_left_out():
    past = losses_of(LABELS.head(8), [1, 8, 3, 6, 5, 4, 7, 2])
    _, replayed = replaying().show(shown_rows(40), past, until=LATE, test_start=LATE)
    assert replayed["loss"].tolist() == [8, 7, 6, 5]
    assert replayed["date"].tolist() == [DATES[i] for i in (1, 6, 3, 4)]


def test_a_share_that_binary_fractions_miss_is_taken_whole():
    past = losses_of(pd.concat([LABELS, LABELS.head(20)]), np.arange(100))
    _, replayed = replaying(worst=0.29, max_share=0.9).show(shown_rows(40), past, until=LATE, test_start=LATE)
    assert len(replayed) == 29


def test_a_mistake_is_replayed_once_it_could_be_known():
    past = losses_of(LABELS.head(8), range(8))
    until = LABELS["exit_date"][3]
    _, replayed = replaying(worst=1.0, max_share=0.9).show(shown_rows(40), past, until=until, test_start=until)
    assert sorted(replayed["loss"]) == [0, 1, 2, 3]
    assert (replayed["exit_date"] <= until).all()


def test_old_mistakes_are_let_go():
    past = losses_of(LABELS.head(40), range(40))
    start = pd.Timestamp("2012-01-20")
    _, replayed = replaying(worst=1.0, max_share=0.9, max_age=2.0).show(
        shown_rows(40), past, until=LATE, test_start=start
    )
    oldest = start - pd.Timedelta(days=730.5)
    assert replayed["date"].min() == next(day for day in DATES if day >= oldest)
    assert 0 < len(replayed) < 40


def test_a_row_already_shown_counts_three_times_and_another_is_appended():
    shown = shown_rows(40, copies=2)
    here, there = LABELS[LABELS["symbol"] == "B"].head(1), LABELS[LABELS["symbol"] == "A"].tail(1)
    past = losses_of(pd.concat([here, there]), [2.0, 1.0])
    weighted = replace(replaying(worst=1.0), weights=WEIGHTS)
    final, replayed = weighted.show(shown, past, until=LATE, test_start=LATE)
    assert len(replayed) == 2
    assert len(final) == len(shown) + 1
    copies = final[(final["symbol"] == "B") & (final["date"] == DATES[0])]
    assert copies["weight"].tolist() == [1.5, 1.5]
    last = final.iloc[-1]
    assert (last["symbol"], last["date"], last["source"], last["regime"]) == ("A", DATES[39], "replay", "crash")
    assert last["weight"] == pytest.approx(3.0 * 2.0 * there["uniqueness"].iloc[0])
    assert (last["fold"], last["copy"]) == (3, 0)
    untouched = final.iloc[2 : len(shown)]
    pd.testing.assert_frame_equal(untouched, shown.iloc[2:], check_dtype=False)


def test_an_appended_row_fades_as_others_do():
    past = losses_of(LABELS.head(1), [1.0])
    fading = replace(replaying(worst=1.0), half_life=1.0)
    until = DATES[0] + pd.Timedelta(days=364.25)
    final, _ = fading.show(shown_rows(40), past, until=until, test_start=until)
    assert final["weight"].iloc[-1] == pytest.approx(1.5)


@given(
    losses=st.lists(st.floats(0, 9), min_size=1, max_size=80),
    size=st.integers(2, 40),
    copies=st.integers(1, 4),
    share=st.floats(0.01, 0.9),
)
@settings(max_examples=60, deadline=None)
def test_no_more_than_the_allowed_share_is_replayed_and_no_less_than_fits(losses, size, copies, share):
    shown = shown_rows(max(size, copies), copies)
    past = losses_of(LABELS.head(len(losses)), losses)
    final, replayed = replaying(worst=1.0, max_share=share).show(shown, past, until=LATE, test_start=LATE)
    again = pd.MultiIndex.from_frame(final[["symbol", "date"]]).isin(
        pd.MultiIndex.from_frame(replayed[["symbol", "date"]])
    )
    assert again.sum() <= share * len(final) + 1e-9
    assert final["weight"].where(again).dropna().ge(1.5).all()
    assert final["weight"].where(~again).dropna().eq(0.5).all()
    left = past.merge(replayed, on=["symbol", "date"], how="left", indicator=True, suffixes=("", "_replayed"))
    left = left[left["_merge"] == "left_only"]
    if len(left) and len(replayed):
        assert left["loss"].max() <= replayed["loss"].min()
    if len(left):
        nearest = left.sort_values(["loss", "symbol", "date"], ascending=[False, True, True]).iloc[0]
        more = int(((final["symbol"] == nearest["symbol"]) & (final["date"] == nearest["date"])).sum())
        assert again.sum() + max(more, 1) > share * (len(final) + (more == 0)) - 1e-9


def test_nothing_matured_replays_nothing():
    final, replayed = replaying().show(
        shown_rows(40), losses_of(LABELS.head(8), range(8)), until=DATES[0], test_start=DATES[0]
    )
    assert replayed.empty
    pd.testing.assert_frame_equal(final, shown_rows(40))


def test_what_replay_did_is_told_by_regime():
    past = losses_of(LABELS[LABELS["symbol"] == "A"].iloc[[0, 39]], [2.0, 1.0])
    final, replayed = replaying(worst=1.0).show(shown_rows(10), past, until=LATE, test_start=LATE)
    told = replayed_by_regime(final, replayed.assign(fold=3)).set_index("regime")
    assert told.loc["normal", ["rows", "replayed", "appended"]].tolist() == [11, 1, 1]
    assert told.loc["crash", ["rows", "replayed", "appended"]].tolist() == [1, 1, 1]
    weights = np.array([0.5] * 10 + [3.0])
    assert told.loc["normal", "effective_size"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
