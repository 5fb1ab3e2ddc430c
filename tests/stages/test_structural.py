"""The structural baseline on its way through the stages: beside the other baselines, in exams, and in the study."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barograph import config, tables
from barograph.ensemble import Structural, exam_baselines
from barograph.ensemble.combiner import Combiner
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.folds.schema import FOLDS
from barograph.labels import FixedBarrier, label_bars
from barograph.labels.schema import LABELS
from barograph.latest.schema import LATEST, LATEST_MODEL
from barograph.market.schema import BARS, CONTEXT
from barograph.memory.schema import EXAMS
from barograph.names import BASELINES, PROBABILITIES
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages import ablation, ensemble, validate
from barograph.stages.stage import Stage
from barograph.training.schema import EXAM_PREDICTIONS, PREDICTIONS
from tests.ensemble.markets import BARRIERS, Market, losses, small_market

MODELS = ["one", "other"]
P = list(PROBABILITIES)
EXAM = {"exam": "slump", "regime": "crash", "start": "2006-03-01", "end": "2006-03-31", "fold": 1, "rows": 0}
EXAM |= {"left_out_from": "2006-02-15", "left_out_to": "2006-04-30"}


def _guesses(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    p = np.random.default_rng(len(model)).dirichlet([3, 4, 3], len(rows))
    return rows.assign(**dict(zip(P, p.T, strict=True)))


@pytest.fixture(scope="module")
def market() -> Market:
    return small_market(years=7, symbols=3)


@pytest.fixture(scope="module")
def exams() -> pd.DataFrame:
    days = ("start", "end", "left_out_from", "left_out_to")
    return pd.DataFrame([EXAM | {day: pd.Timestamp(EXAM[day]) for day in days}])


@pytest.fixture
def stage(market: Market, exams: pd.DataFrame, tmp_path: Path) -> Stage:
    closes = market.closes.rename_axis("date").reset_index().melt("date", var_name="symbol", value_name="close")
    context = market.index_close.rename("index_close").rename_axis("date").reset_index()
    given = [
        (BARS, closes.assign(**dict.fromkeys(("open", "high", "low", "volume"), np.nan))),
        (CONTEXT, context.assign(vix=20.0, vix_estimated=True)),
        (LABELS, label_bars(closes, BARRIERS)),
        (REGIME_SERIES, market.regimes.assign(rule="given", vix=20.0, index_return_10=0.0, drawdown=0.0)),
        (FOLDS, market.folds.assign(train_start=market.closes.index[0])),
        (EXAMS, exams),
    ]
    for table, frame in given:
        tables.write(table, frame, tmp_path)
    for model in MODELS:
        tables.write(PREDICTIONS, _guesses(market.rows, model), tmp_path, model=model)
        tables.write(EXAM_PREDICTIONS, _guesses(_examined(market), model), tmp_path, model=model)
        tables.write(LATEST_MODEL, _guesses(_newest(market), model), tmp_path, model=model)
    settings = config.compose() | {"model_names": MODELS}
    return Stage(settings, tmp_path, tmp_path, None)


def _examined(market: Market) -> pd.DataFrame:
    inside = market.rows["date"].between(EXAM["start"], EXAM["end"])
    return market.rows.loc[inside, ["symbol", "date"]].assign(exam="slump")


def _newest(market: Market) -> pd.DataFrame:
    keys = pd.MultiIndex.from_product([market.closes.columns, market.closes.index[-5:]], names=["symbol", "date"])
    return keys.to_frame(index=False)


def _structural(stage: Stage) -> pd.DataFrame:
    table = tables.read(ENSEMBLE_PREDICTIONS, stage.root)
    assert set(table["predictor"]) == {"ensemble", *BASELINES}
    return table[table["predictor"] == "structural"].reset_index(drop=True)


def test_its_rows_are_beside_those_of_the_other_baselines(stage: Stage, market: Market) -> None:
    assert ensemble.main.__wrapped__(stage).endswith("; baselines prior, regime_prior, structural")
    expected = Structural(BARRIERS).walk(*market).sort_values(["symbol", "date"], ignore_index=True)
    found = _structural(stage)
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False, check_exact=True)


def test_the_newest_days_are_beside_them_with_the_combiner_that_is_stored(stage: Stage, market: Market) -> None:
    ensemble.main.__wrapped__(stage)
    stored = Combiner.from_plain(stage.read_json("models/ensemble/ensemble.json"))
    rows = _newest(market).assign(fold=market.folds["fold"].iloc[-1])
    stated = {model: _guesses(_newest(market), model)[P].to_numpy() for model in MODELS}
    stated["structural"] = Structural(BARRIERS).walk(*market[:2], rows, *market[3:])[P].to_numpy()
    found = tables.read(LATEST, stage.root)
    assert set(found["predictor"]) == {"ensemble", *BASELINES}
    np.testing.assert_allclose(found.loc[found["predictor"] == "ensemble", P], stored.predict(stated), rtol=1e-12)


def test_the_ensemble_stage_takes_horizon_and_barriers_from_the_label(stage: Stage, market: Market) -> None:
    fixed = {"_target_": "barograph.labels.FixedBarrier", "horizon": 10, "upper": 0.1, "lower": 0.05}
    stage.settings["label"] = fixed
    ensemble.main.__wrapped__(stage)
    expected = Structural(FixedBarrier(10, 0.1, 0.05)).walk(*market).sort_values(["symbol", "date"])
    assert np.array_equal(_structural(stage)[P], expected[P])


def test_exams_have_it_beside_the_other_baselines(stage: Stage, market: Market, exams: pd.DataFrame) -> None:
    ensemble.main.__wrapped__(stage)
    walked = pd.concat(
        [tables.read(ENSEMBLE_PREDICTIONS, stage.root)]
        + [tables.read(PREDICTIONS, stage.root, model=model).assign(predictor=model) for model in MODELS]
    )
    labels, regimes = (tables.read(table, stage.root) for table in (LABELS, REGIME_SERIES))
    table = validate._exams(stage, walked, labels, regimes, stage.build("validation"))
    own = table[table["exam"] == "slump"].set_index("predictor")
    assert set(own.index) == {*MODELS, "vote", *BASELINES}
    asked = (_examined(market), market.labels, market.regimes, exams)
    answers = Structural(BARRIERS).exam_predictions(market.closes, market.index_close, *asked)
    loss = {"structural": losses(answers, market.labels).mean()}
    for name, one in exam_baselines(*asked).groupby("predictor"):
        loss[str(name)] = losses(one, market.labels).mean()
    assert own.loc[list(loss), "log_loss"].to_dict() == pytest.approx(loss)
    assert own["skill_structural"].to_dict() == pytest.approx((1 - own["log_loss"] / loss["structural"]).to_dict())


def test_the_study_puts_it_beside_the_other_baselines(stage: Stage, market: Market) -> None:
    given = (market.rows, market.labels, market.regimes, market.folds)
    facts = ablation._baselines(stage, *given)
    assert set(facts) == {f"{name}_log_loss" for name in BASELINES}
    own = losses(Structural(BARRIERS).walk(market.closes, market.index_close, *given), market.labels).mean()
    assert facts["structural_log_loss"] == pytest.approx(own)
