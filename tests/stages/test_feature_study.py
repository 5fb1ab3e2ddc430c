"""The stages of the feature study on a planted panel: who is shown which features, and who is left out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barograph import tables
from barograph.archive.schema import ARCHIVE, EVENTS
from barograph.errors import InputError
from barograph.feature_study.schema import FEATURE_PREDICTIONS, STRUCTURAL_INPUTS
from barograph.features.schema import FEATURES
from barograph.folds import WalkForward, tabulate_folds
from barograph.folds.schema import TEST_WINDOWS
from barograph.labels.schema import LABELS
from barograph.market.schema import BARS, CONTEXT
from barograph.names import PROBABILITIES
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages import feature_offer, feature_option
from barograph.stages.stage import Stage
from tests.selection.planted import DATES, panel
from tests.settings import compose

OPTIONS = ["all", "structural_inputs", "without_noise", "without_strong", "without_poison", "without_volume"]
FAMILIES = {"strong": ["strong", "strong_copy", "strong_turned"], "weak": ["weak"], "poison": ["poison"]}
MODEL = {"_target_": "barograph.models.LogisticRegression", "params": {"C": 0.1, "max_iter": 50}, "sweep": {}}
P = list(PROBABILITIES)


def _family(feature: str) -> str:
    return next((family for family, names in FAMILIES.items() if feature in names), "noise")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    features, labels = panel()
    # A fit refuses infinite values: no option would end if it were shown what it drops.
    features["poison"] = np.float32(np.inf)
    regimes = pd.DataFrame({"date": DATES, "regime": "normal", "rule": "given", "vix": 20.0, "drawdown": 0.0})
    closes = features[["symbol", "date"]].assign(close=100 * np.exp(features["strong"].cumsum() / 1000))
    index = closes.groupby("date", as_index=False)["close"].mean().rename(columns={"close": "index_close"})
    for table, frame in (
        (FEATURES, features),
        (LABELS, labels.assign(exit_reason="time", exit_return=0.0)),
        (REGIME_SERIES, regimes.assign(index_return_10=0.0)),
        (TEST_WINDOWS, tabulate_folds(WalkForward(min_years=1, embargo=5).over(labels, regimes))),
        (EVENTS, pd.DataFrame(columns=list(EVENTS.columns))),
        (ARCHIVE, pd.DataFrame(columns=list(ARCHIVE.columns))),
        (BARS, closes.assign(**dict.fromkeys(("open", "high", "low", "volume"), np.nan))),
        (CONTEXT, index.assign(vix=20.0, vix_estimated=True)),
    ):
        tables.write(table, frame, folder)
    names = features.columns[2:].tolist()
    catalogue = pd.DataFrame({"name": names, "family": list(map(_family, names)), "computed": True})
    catalogue = pd.concat([catalogue, pd.DataFrame({"name": ["obv"], "family": ["volume"], "computed": [False]})])
    (folder / "reports/features").mkdir(parents=True)
    catalogue.to_csv(folder / "reports/features/catalogue.csv", index=False)
    feature_offer.main.__wrapped__(_stage(folder))
    return folder


def _stage(root: Path, option: str | None = None, **settings: object) -> Stage:
    given = compose(["memory=expanding", "memory.rows=600"])
    read = {
        "feature_study.models": ["mine"],
        "feature_study.options": OPTIONS,
        "feature_study.seeds": 2,
        "folds.embargo": 5,
        "label": given["label"],
        "memory": given["memory"],
        "models": {"mine": MODEL},
        "seed": 7,
        "selection": {"_target_": "barograph.selection.NearDuplicates", "max_correlation": 0.9, "rows": 1000},
    }
    return Stage(read | settings, root, root, None, option)


@pytest.fixture(autouse=True)
def serial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAROGRAPH_EXECUTOR", "serial")


def _walked(root: Path, option: str) -> pd.DataFrame:
    line: str = feature_option.main.__wrapped__(_stage(root, option))
    table = tables.read(FEATURE_PREDICTIONS, root, option=option)
    assert line.startswith(f"{option}: {len(table):,} predictions from ")
    return table


def test_the_offer_lists_features_and_reasons(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = feature_offer.main.__wrapped__(_stage(root))
    assert line == "5 of 6 options offer 5 to 16 features"
    reason = "the data has no feature of the family volume"
    assert capsys.readouterr().out.strip() == f"without_volume: nothing to compare, {reason}"
    offers = {path.stem: json.loads(path.read_text()) for path in (root / "studies/features/offered").iterdir()}
    assert set(offers) == set(OPTIONS)
    assert set(offers["without_noise"]["features"]) == {*FAMILIES["strong"], "weak", "poison"}
    assert offers["structural_inputs"]["structural"]
    inputs = tables.read(STRUCTURAL_INPUTS, root)
    assert inputs[["symbol", "date"]].equals(tables.read(FEATURES, root)[["symbol", "date"]])
    assert inputs.columns[2:].tolist() == offers["structural_inputs"]["features"]


def test_an_option_is_fitted_on_no_feature_that_it_drops(root: Path) -> None:
    walked = _walked(root, "without_poison")
    assert set(walked["seed"]) == {7, 8}
    assert set(walked["model"]) == {"mine"}
    first, second = (part.reset_index(drop=True) for _, part in walked.groupby("seed"))
    assert first[["symbol", "date", "fold"]].equals(second[["symbol", "date", "fold"]])
    assert not first[P].equals(second[P])
    keep_all = {"_target_": "barograph.selection.KeepAll"}
    feature_option.main.__wrapped__(_stage(root, "without_poison", selection=keep_all))
    with pytest.raises(InputError, match="feature poison: row 0 is infinite"):
        feature_option.main.__wrapped__(_stage(root, "all", selection=keep_all))


def test_the_eleven_inputs_are_all_kept_whatever_the_selection_is(root: Path) -> None:
    walked = _walked(root, "structural_inputs")
    feature_option.main.__wrapped__(_stage(root, "structural_inputs", selection={"_target_": "nothing.like.it"}))
    assert tables.read(FEATURE_PREDICTIONS, root, option="structural_inputs").equals(walked)


def test_an_option_without_features_to_compare_writes_an_empty_table(root: Path) -> None:
    line = feature_option.main.__wrapped__(_stage(root, "without_volume"))
    assert line == "without_volume: no predictions, the data has no feature of the family volume"
    assert tables.read(FEATURE_PREDICTIONS, root, option="without_volume").empty


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (["svm"], r"^feature_study\.models: none of \['svm'\] is configured; there are \['mine'\]$"),
        (["mine", "mien"], r"^feature_study\.models: mien is no model; there are \['extra_trees', "),
    ],
)
def test_a_study_of_models_that_are_not_there_is_refused(root: Path, named: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        feature_option.main.__wrapped__(_stage(root, "without_poison", **{"feature_study.models": named}))


def test_a_model_that_was_dropped_is_left_out(root: Path) -> None:
    feature_option.main.__wrapped__(_stage(root, "without_poison", **{"feature_study.models": ["svm", "mine"]}))
    assert set(tables.read(FEATURE_PREDICTIONS, root, option="without_poison")["model"]) == {"mine"}


def test_an_unknown_family_stops_the_offer(root: Path) -> None:
    with pytest.raises(InputError, match=r"^feature_study\.options: 'without_x' is unknown; allowed are all, "):
        feature_offer.main.__wrapped__(_stage(root, **{"feature_study.options": ["all", "without_x"]}))


def test_by_hand_the_option_must_be_named(root: Path) -> None:
    with pytest.raises(InputError, match=r"^option: null; it must name an option, as `dvc repro studies/features"):
        feature_option.main.__wrapped__(_stage(root))
