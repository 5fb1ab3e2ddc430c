"""The structural baseline: figures on the bundled data, its fits by other means, and rows that it cannot answer."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import softmax

from barograph.ensemble import Structural, baseline_predictions, exam_baselines
from barograph.ensemble.structural.inputs import INPUTS, observe
from barograph.ensemble.structural.volatility import fit_years, yearly_limits
from barograph.errors import InputError
from barograph.folds import WalkForward, tabulate_folds
from barograph.names import PROBABILITIES
from tests.ensemble.markets import BARRIERS, Market, bundled, losses, small_market

P = list(PROBABILITIES)


@pytest.fixture(scope="module")
def default():
    return bundled("volatility_barrier")


@pytest.fixture(scope="module")
def walked(default):
    barriers, market = default
    return Structural(barriers).walk(*market)


def test_the_loss_on_the_bundled_data(default, walked):
    _, market = default
    loss = losses(walked, market.labels)
    assert len(loss) == 80_240
    assert loss.mean() == pytest.approx(0.988138, abs=5e-5)
    regime = market.regimes.set_index("date")["regime"].reindex(loss.index).to_numpy()
    by_regime = {"low_volatility": 1.02894, "normal": 0.99764, "high_volatility": 0.96553}
    by_regime |= {"crash": 0.91043, "recovery": 0.85623}
    assert loss.groupby(regime).mean().to_dict() == pytest.approx(by_regime, abs=5e-5)


def test_the_coefficients_of_the_last_year_of_the_bundled_data(default):
    barriers, market = default
    observed = observe(market.closes, market.index_close, barriers)
    coefficients = fit_years(observed, yearly_limits(market.closes.index.to_numpy(), 1994, 2022, 5))[2022]
    expected = {"constant": -0.054, "rms_5": 0.063, "rms_63": 0.256, "rms_252": 0.324, "nojump": 0.165, "echo": 0.114}
    expected |= {"level": -0.097, "leverage_21": -0.081, "index_leverage_5": -0.061}
    expected |= {"mean_rms_5": 0.214, "mean_rms_63": 0.075, "mean_rms_252": -0.361}
    assert dict(zip(("constant", *INPUTS), coefficients, strict=True)) == pytest.approx(expected, abs=1e-3)


def test_the_loss_with_fixed_barriers():
    barriers, market = bundled("fixed_barrier")
    loss = losses(Structural(barriers).walk(*market), market.labels)
    assert len(loss) == 80_240
    assert loss.mean() == pytest.approx(0.6920, abs=5e-5)


def test_the_table_is_that_of_a_predictor(default, walked):
    _, market = default
    assert list(walked) == ["symbol", "date", "fold", "predictor", *P]
    assert walked[["symbol", "date", "fold"]].equals(market.rows)
    assert (walked["predictor"] == "structural").all()
    assert np.abs(walked[P].sum(axis=1) - 1).max() < 1e-12


def _logit_by_other_means(market: Market, forecast: np.ndarray, past: pd.Series, asked: pd.DataFrame) -> np.ndarray:
    """Fit the second stage with a general solver on the labels `past`, and predict rows."""
    by_row = pd.DataFrame(forecast, market.closes.index, market.closes.columns).stack()
    learned = by_row.reindex(pd.MultiIndex.from_frame(market.labels[["date", "symbol"]])).to_numpy()
    rows = past.to_numpy() & np.isfinite(learned)
    x, y = np.vander(learned[rows], 3, increasing=True), market.labels["label"].to_numpy()[rows]
    happened = y[:, None] == [0, 2]

    def loss(flat):
        scores = x @ flat.reshape(3, 2)
        total = np.log1p(np.exp(scores).sum(axis=1))
        slope = x.T @ (np.exp(scores - total[:, None]) - happened) / y.size + 1e-5 * flat.reshape(3, 2)
        return (total - (scores * happened).sum(axis=1)).mean() + 0.5e-5 * (flat**2).sum(), slope.ravel()

    weights = minimize(loss, np.zeros(6), jac=True, method="BFGS", options={"gtol": 1e-9}).x.reshape(3, 2)
    now = by_row.reindex(pd.MultiIndex.from_frame(asked[["date", "symbol"]])).to_numpy()
    scores = np.vander(now, 3, increasing=True) @ weights
    return softmax(np.column_stack([scores[:, 0], np.zeros(len(now)), scores[:, 1]]), axis=1)


def _forecast_by_other_means(market: Market, early: np.ndarray) -> np.ndarray:
    """Fit the first stage with a general solver on the lives of a mask (T, N), and forecast all."""
    observed = observe(market.closes, market.index_close, BARRIERS)
    design = np.concatenate([np.ones((1, *early.shape)), observed.inputs])
    used = early & np.isfinite(design).all(axis=0) & np.isfinite(observed.outcome)
    coefficients, *_ = np.linalg.lstsq(design[:, used].T, observed.outcome[used])
    return np.tensordot(coefficients, design, 1)


def test_an_exam_is_answered_by_the_lives_before_and_after_its_days():
    market = small_market()
    since, until = pd.Timestamp("2004-03-01"), pd.Timestamp("2004-06-30")
    exams = pd.DataFrame({"exam": ["slump"], "left_out_from": [since], "left_out_to": [until]})
    rows = market.labels.loc[market.labels["date"].between("2004-03-15", "2004-05-28"), ["symbol", "date"]]
    rows = rows.assign(exam="slump")[::-1]
    found = Structural(BARRIERS).exam_predictions(*market._replace(rows=rows)[:5], exams)
    assert found[["symbol", "date", "exam"]].equals(rows.reset_index(drop=True))

    dates = market.closes.index
    ends = dates[14:].append(pd.DatetimeIndex([pd.NaT] * 14))
    early = np.repeat(((dates > until) | (ends < since))[:, None], market.closes.shape[1], axis=1)
    past = (market.labels["date"] > until) | (market.labels["exit_date"] < since)
    expected = _logit_by_other_means(market, _forecast_by_other_means(market, early), past, rows)
    assert np.allclose(found[P], expected, rtol=0, atol=1e-7)

    other = market.labels.assign(label=market.labels["label"].mask(~past, 0))
    again = Structural(BARRIERS).exam_predictions(*market._replace(rows=rows, labels=other)[:5], exams)
    pd.testing.assert_frame_equal(again, found, check_exact=True)


def test_a_symbol_that_does_not_move_gets_the_row_of_the_regime_table():
    market = small_market(flat=True)
    flat = market.closes.pct_change().iloc[:, -1].rolling(20).std() < 1e-6
    still = pd.DataFrame({"symbol": "S3", "date": flat.index[flat], "fold": flat.index[flat].year - 2005})
    market = market._replace(rows=pd.concat([still, market.rows])[::-1].astype({"symbol": "str"}))
    found = Structural(BARRIERS).walk(*market)
    expected = baseline_predictions(market.rows, market.labels, market.regimes, market.folds)
    both = found.merge(expected[expected["predictor"] == "regime_prior"], on=["symbol", "date", "fold"])
    same = (both[[f"{p}_x" for p in P]].to_numpy() == both[[f"{p}_y" for p in P]].to_numpy()).all(axis=1)
    unmoved = (both["symbol"] == "S3") & both["date"].isin(still["date"])
    assert len(both) == len(market.rows)
    assert unmoved.sum() > 200
    assert (same == unmoved).all()


def test_a_fold_that_has_not_seen_all_classes_gets_the_regime_table():
    market = small_market(years=7)
    known = market.labels["exit_date"] <= market.folds["train_end"][0]
    market = market._replace(labels=market.labels.assign(label=market.labels["label"].mask(known, 1)))
    found = Structural(BARRIERS).walk(*market)
    expected = baseline_predictions(*market[2:]).query("predictor == 'regime_prior'")
    same = (found[P] == found[["symbol", "date", "fold"]].merge(expected)[P]).all(axis=1)
    assert (same == (found["fold"] == 0)).all()


def test_a_year_before_which_hardly_a_life_has_ended_has_no_forecast():
    market = small_market(years=6)
    year = market.closes.index.year
    closes = market.closes.copy()
    closes.loc[:"2003-10-31"] = np.nan
    forecast = Structural(BARRIERS).forecast(closes, market.index_close)
    assert np.isnan(forecast[year == 2004]).all()
    assert np.isfinite(forecast[year == 2005]).all()


def test_too_short_a_history_is_answered_by_the_regime_table_alone():
    market = small_market(years=7)
    recent = market.closes.index >= "2002-06-03"
    late = market._replace(closes=market.closes[recent])
    assert np.isnan(Structural(BARRIERS).forecast(*late[:2])[late.closes.index.year < 2006]).all()
    found = Structural(BARRIERS).walk(*late)
    expected = baseline_predictions(*late[2:]).query("predictor == 'regime_prior'")
    expected = found[["symbol", "date", "fold"]].merge(expected)
    first = found["fold"] == 0
    assert first.sum() > 900
    assert found.loc[first, P].equals(expected.loc[first, P])
    exams = pd.DataFrame({"exam": ["all"], "left_out_from": [pd.Timestamp("1999-01-01")]})
    exams = exams.assign(left_out_to=pd.Timestamp("2009-01-01"))
    rows = late.rows.drop(columns="fold").assign(exam="all")
    nothing = Structural(BARRIERS).exam_predictions(*late._replace(rows=rows)[:5], exams)
    prior = exam_baselines(rows, late.labels, late.regimes, exams).query("predictor == 'regime_prior'")
    assert np.array_equal(nothing[P], nothing[["symbol", "date"]].merge(prior)[P])


def test_a_year_is_forecast_from_the_fifth_year_of_data_on():
    market = small_market()
    forecast = Structural(BARRIERS).forecast(market.closes, market.index_close.to_numpy())
    assert forecast.shape == market.closes.shape
    assert np.isnan(forecast[market.closes.index.year < 2004]).all()
    assert np.isfinite(forecast[market.closes.index.year >= 2004]).all()
    realised = observe(market.closes, market.index_close, BARRIERS).outcome
    both = np.isfinite(forecast) & np.isfinite(realised)
    assert np.corrcoef(forecast[both], realised[both])[0, 1] > 0.3


@pytest.mark.parametrize("embargo", [0, 5, 20])
def test_a_years_regression_knows_the_lives_that_ended_before_its_embargo_and_no_others(embargo):
    market = small_market(years=6)
    year = market.closes.index.year
    last_known = int(np.argmax(year == 2004)) - embargo - 1
    changed = []
    for day in (last_known, last_known + 1):
        closes = market.closes.copy()
        closes.iloc[day, 0] *= 1.5
        # 252 returns later the other symbols' inputs know nothing of it.
        later = (np.arange(len(year)) > day + 254) & (year == 2004)
        both = (Structural(BARRIERS).forecast(c, market.index_close, embargo=embargo) for c in (market.closes, closes))
        before, after = (forecast[later, 1] for forecast in both)
        assert before.size
        changed.append(not np.array_equal(before, after))
    assert changed == [True, False]


@pytest.mark.parametrize("freq", ["B", "D"])
def test_the_walk_forecasts_with_the_embargo_of_its_folds(freq):
    market = small_market(years=7, freq=freq)
    found, expected = {}, {}
    for embargo in (0, 30):
        folds = tabulate_folds(WalkForward(min_years=4, embargo=embargo).over(market.labels, market.regimes))
        found[embargo] = Structural(BARRIERS).walk(*market._replace(folds=folds)).query("fold == 1")
        forecast = Structural(BARRIERS).forecast(market.closes, market.index_close, embargo=embargo)
        past = market.labels["exit_date"] <= folds["train_end"][1]
        expected[embargo] = _logit_by_other_means(market, forecast, past, found[embargo])
        assert np.allclose(found[embargo][P], expected[embargo], rtol=0, atol=1e-7)
    assert np.abs(expected[0] - expected[30]).max() > 1e-4


def _swapped(market: Market) -> Market:
    return market._replace(closes=market.closes[::-1])


def _twice(market: Market) -> Market:
    return market._replace(closes=pd.concat([market.closes, market.closes[["S1"]]], axis=1))


def _negative(market: Market) -> Market:
    closes = market.closes.copy()
    closes.iloc[7, 1] = -2.0
    return market._replace(closes=closes)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_swapped, "^closes: the index must be dates, ascending and each once$"),
        (_twice, "^closes: S1 is there twice; each symbol needs one column$"),
        (_negative, r"^closes: S1 on 2000-01-12 is -2\.0; closes must be positive and finite, or NaN$"),
        (lambda m: m._replace(index_close=m.index_close[:1]), "^index_close: 1 dates; a return needs two$"),
        (
            lambda m: m._replace(rows=m.rows.assign(fold=9)),
            "^structural: rows of fold 9, which the table of folds does not have$",
        ),
        (
            lambda m: m._replace(closes=m.closes.tz_localize("UTC")),
            "^closes: the index has the time zone UTC; allowed: days without a time zone$",
        ),
    ],
)
def test_bad_input_is_named(spoil, message):
    with pytest.raises(InputError, match=message):
        Structural(BARRIERS).walk(*spoil(small_market(years=7)))
