"""What the archive stage says of events that the data does not hold."""

from pathlib import Path

import pandas as pd
import pytest

from barograph import config, tables
from barograph.labels.schema import LABELS
from barograph.market.schema import BARS
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages import archive
from barograph.stages.stage import Stage
from tests.memory.conftest import make_world

EVENTS = {
    "before": ("1998-08-03", "1998-10-30", 0.2),
    "early": ("2003-01-01", "2003-01-10", 0.2),
    "inside": ("2008-10-01", "2008-12-12", 0.2),
    "across": ("2012-10-01", "2013-06-28", 0.2),
    "after": ("2013-07-01", "2013-08-30", 0.2),
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    world = make_world()
    bars = world.bars.assign(open=None, high=None, low=None)
    for table, frame in (
        (BARS, bars.astype({"open": float, "high": float, "low": float})),
        (LABELS, world.labels),
        (REGIME_SERIES, world.regimes.assign(rule="given", drawdown=0.0)),
    ):
        tables.write(table, pd.DataFrame(frame), tmp_path)
    settings = config.compose()
    settings["archive"]["detection"] = None
    settings["archive"]["events"] = {
        name: {"start": start, "end": end, "regime": "crash", "weight": weight}
        for name, (start, end, weight) in EVENTS.items()
    }
    return Stage(settings, tmp_path, tmp_path, None)


def test_an_event_that_is_not_in_the_data_is_said_to_lie_before_or_after_it(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    said = archive.main.__wrapped__(stage)
    assert capsys.readouterr().out.splitlines() == [
        "          before: not in the data; it ends on 1998-10-30, before the data's start on 2003-01-01",
        "          early: not in the data; no labelled row from 2003-01-01 to 2003-01-10",
        "          after: not in the data; it begins on 2013-07-01, after the data's end on 2012-12-31",
    ]
    assert said == "420 rows of 2 named events, 0 found episodes and 0 shocks of single names"


def test_every_events_returns_are_reported(stage: Stage) -> None:
    archive.main.__wrapped__(stage)
    reported = pd.read_csv(stage.out / "reports/archive/events.csv").set_index("event")
    labels = tables.read(LABELS, stage.root)
    returns = labels.loc[labels["date"].between("2008-10-01", "2008-12-12"), "exit_return"].to_numpy()
    assert reported.loc["inside", "worst_exit_return"] == returns.min()
    assert reported.loc["inside", "best_exit_return"] == returns.max()
    assert reported.loc["inside", "std_exit_return"] == pytest.approx(returns.std(ddof=1))
    assert reported.loc["across", "coverage"] == "partial"
    assert reported.loc["after", ["mean_exit_return", "std_exit_return"]].isna().all()
