"""`barograph archive`, as a user types it."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

from barograph import config, tables
from barograph.archive import archive_tables
from barograph.archive.schema import EVENTS
from barograph.cli import main
from barograph.regimes import VixPriceRegimes
from tests.memory.conftest import make_world

OPTION = Path("conf/archive/eight_events.yaml")
ADD = ["archive", "add", "yen_unwind_2024", "--start", "2024-07-31", "--end", "2024-08-09", "--regime", "crash"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(config.CONF, tmp_path / config.CONF.name)
    monkeypatch.setattr(config, "CONF", tmp_path / config.CONF.name)
    monkeypatch.chdir(tmp_path)
    assert main(["params", "memory=none"]) == 0
    return tmp_path


@pytest.fixture
def _with_events(project: Path) -> None:
    world = make_world()
    events, _ = archive_tables(world.labels, world.regimes, world.bars, world.config, VixPriceRegimes())
    tables.write(EVENTS, events, project)


def events_of(path: Path) -> dict[str, dict[str, object]]:
    return yaml.safe_load(path.read_text())["events"]


@pytest.mark.usefixtures("_with_events")
def test_list_gives_a_line_an_event_and_counts_the_shocks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "list"]) == 0
    table, _, rest = capsys.readouterr().out.partition("\n\n")
    events = tables.read(EVENTS, Path())
    shocks = (events["kind"] == "shock").sum()
    assert [line.split()[0] for line in table.splitlines()[1:]] == events.loc[
        events["kind"] != "shock", "event"
    ].tolist()
    assert rest == f"and {shocks} shocks of single names (--shocks shows them)\n"
    assert main(["archive", "list", "--shocks"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(events)


@pytest.mark.usefixtures("_with_events")
def test_show_tells_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "show", "second"]) == 0
    lines = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert lines["start"] == "2008-10-01"
    assert lines["kind"] == "configured"
    statistics = {"mean_exit_return", "std_exit_return", "worst_exit_return", "best_exit_return"}
    assert {"rows", "share_buy", "available_from", *statistics} <= set(lines)
    assert float(lines["worst_exit_return"]) < float(lines["mean_exit_return"]) < float(lines["best_exit_return"])
    assert main(["archive", "show", "no_such_event"]) == 1
    assert "'no_such_event' is no event" in capsys.readouterr().err


def test_without_data_the_list_says_what_to_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "list"]) == 1
    assert "run the stage that writes it (dvc repro)" in capsys.readouterr().err


def test_an_added_event_is_known_from_today_and_leaves_the_others_as_they_are(project: Path) -> None:
    before = events_of(OPTION)
    assert main([*ADD, "--weight", "0.1"]) == 0
    after = events_of(OPTION)
    assert after.pop("yen_unwind_2024") == {
        "start": "2024-07-31",
        "end": "2024-08-09",
        "regime": "crash",
        "weight": 0.1,
        "known_from": date.today().isoformat(),
    }
    assert after == before
    assert list(after) == list(before)
    params = yaml.safe_load(Path("params.yaml").read_text())
    assert params["archive"]["events"]["yen_unwind_2024"]["known_from"] == date.today().isoformat()
    assert params["memory"]["archive"] is None, "what else the workspace has chosen stays"
    assert "# trading days by which a run" in OPTION.read_text(), "comments stay"


def test_a_retired_event_keeps_its_place_and_gets_its_day(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = events_of(OPTION)
    assert main(["archive", "retire", "volmageddon_2018"]) == 0
    retired = before["volmageddon_2018"] | {"retired_on": date.today().isoformat()}
    assert events_of(OPTION) == before | {"volmageddon_2018": retired}
    assert main(["archive", "retire", "volmageddon_2018"]) == 1
    assert f"was retired on {date.today()}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--weight", "1.5"], "weight"),
        (["--weight", "0.1", "--end", "2024-07-01"], "ends on 2024-07-01, before it starts"),
        (["--weight", "0.1", "--start", "2023-04-01"], "before banking_crisis_2023 ends"),
        (["--weight", "0.1", "--start", "August"], "'August' is not an ISO date"),
        (["--weight", "0.1", "--start", "2199-01-01", "--end", "2199-02-01"], "cannot be known or retired before"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    changes: list[str], message: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [path.read_bytes() for path in (OPTION, Path("params.yaml"))]
    assert main([*ADD, *changes]) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert [path.read_bytes() for path in (OPTION, Path("params.yaml"))] == before


def test_a_name_that_is_none_and_settings_that_are_broken_elsewhere_change_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = OPTION.read_bytes()
    assert main(["archive", "add", "bad name", *ADD[3:], "--weight", "0.1"]) == 1
    assert "'bad name' is no name" in capsys.readouterr().err
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("embargo: 5", "embargo: -5"))
    assert main([*ADD, "--weight", "0.1"]) == 1
    assert "folds.embargo" in capsys.readouterr().err
    assert OPTION.read_bytes() == before


def test_an_added_event_is_used_by_no_fold_of_the_past() -> None:
    world = make_world()
    later = pd.Timestamp.now().normalize()
    first = world.config.events["first"] | {"known_from": f"{later:%F}"}
    events = {"first": first, "second": world.config.events["second"] | {"weight": 1.0}}
    config_ = replace(world.config, events=events)
    events, _ = archive_tables(world.labels, world.regimes, world.bars, config_, VixPriceRegimes())
    assert events.set_index("event").loc["first", "available_from"] == later
