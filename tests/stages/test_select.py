"""The select stage: what it writes, and its closing line."""

import json

import pandas as pd
import pytest

from barograph import tables
from barograph.features.schema import FEATURES
from barograph.folds import WalkForward, tabulate_folds
from barograph.folds.schema import TEST_WINDOWS
from barograph.labels.schema import LABELS
from barograph.names import KEY
from barograph.selection.schema import SELECTION
from barograph.stages import select
from barograph.stages.search_data import SEARCH_FEATURES, SEARCH_LABELS
from barograph.stages.stage import Stage
from tests.selection.planted import DATES, panel

ALONE = {"_target_": "barograph.selection.NearDuplicates", "max_correlation": 0.9, "rows": 1000}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    features, labels = panel()
    folds = WalkForward(min_years=1, embargo=5).over(labels, pd.DataFrame({"date": DATES}))
    tables.write(FEATURES, features, folder)
    tables.write(LABELS, labels.assign(exit_reason="time", exit_return=0.0), folder)
    tables.write(TEST_WINDOWS, tabulate_folds(folds), folder)
    return folder


def _run(root, out, selection=ALONE) -> str:
    settings = {"selection": selection, "folds.embargo": 5, "seed": 7}
    line: str = select.main.__wrapped__(Stage(settings, root, out, None))
    return line


def test_the_stage_writes_the_same_bytes_twice_and_counts_them(root, tmp_path):
    said = [_run(root, tmp_path / run) for run in ("a", "b")]
    for path in (
        "data/selection.parquet",
        *(f"reports/selection/{name}" for name in ("folds.csv", "stability.csv", "summary.json")),
    ):
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
    table = tables.read(SELECTION, tmp_path / "a")
    features = tables.read(FEATURES, root).columns[2:].tolist()
    assert table.groupby("fold").size().to_dict() == dict.fromkeys(range(4), len(features)), (
        "2005 to 2007, and the final"
    )
    folds = pd.read_csv(tmp_path / "a/reports/selection/folds.csv")
    assert folds["kept"].tolist() == table.groupby("fold")["kept"].sum().tolist()
    assert folds["near_duplicate"].tolist() == [3] * 4
    shares = pd.read_csv(tmp_path / "a/reports/selection/stability.csv")
    assert shares["feature"].tolist() == features
    summary = json.loads((tmp_path / "a/reports/selection/summary.json").read_text())
    assert summary["always_kept"] == (shares["kept_share"] == 1).sum()
    assert said[0] == said[1] == f"kept 10 of 15 features in 4 folds, stability {summary['stability']:.2f}"


def test_the_searches_get_what_the_first_fold_may_know_and_later_days_change_nothing_in_it(root, tmp_path):
    shorter = tmp_path / "shorter"
    features, labels, windows = (tables.read(table, root) for table in (FEATURES, LABELS, TEST_WINDOWS))
    last = features["date"].max() - pd.Timedelta(days=30)
    tables.write(FEATURES, features[features["date"] <= last], shorter)
    tables.write(LABELS, labels[labels["exit_date"] <= last], shorter)
    moved = windows["train_end"].where(windows["test_end"].notna(), last)
    tables.write(TEST_WINDOWS, windows.assign(train_end=moved), shorter)
    for given, out in ((root, "whole"), (shorter, "less")):
        _run(given, tmp_path / out)
    written = sorted(path.name for path in (tmp_path / "whole/data/search").iterdir())
    assert written == ["features.parquet", "labels.parquet", "test_window.parquet"]
    for name in written:
        assert (tmp_path / "whole/data/search" / name).read_bytes() == (
            tmp_path / "less/data/search" / name
        ).read_bytes()
    known = tables.read(SEARCH_LABELS, tmp_path / "whole")
    assert len(known) == (labels["exit_date"] <= windows["train_end"].min()).sum() > 0
    kept = tables.read(SELECTION, tmp_path / "whole").query("fold == 0 and kept")["feature"]
    offered = tables.read(SEARCH_FEATURES, tmp_path / "whole")
    assert set(offered.columns[2:]) == set(kept)
    assert offered[KEY].equals(known[KEY])


def test_keeping_everything_is_said(root, tmp_path):
    assert _run(root, tmp_path, {"_target_": "barograph.selection.KeepAll"}) == "kept all 15 features in 4 folds"
    assert json.loads((tmp_path / "reports/selection/summary.json").read_text())["stability"] is None


def test_a_range_is_said():
    summary = {"features": 140, "folds": 17, "fewest_kept": 84, "most_kept": 91, "always_kept": 80, "stability": 0.931}
    assert select._said(summary) == "kept 84 to 91 of 140 features in 17 folds, stability 0.93"
