"""Writing what a track record says, with what it is read by: sectors, regimes, events and the searches' trials."""

from barograph.archive.schema import EVENTS
from barograph.backtest import Analysis, BacktestResult, Portfolios, TrackRecord, track_record
from barograph.market.schema import UNIVERSE
from barograph.regimes.schema import REGIME_SERIES
from barograph.scoring import Validation
from barograph.stages.stage import Stage


def write_track_record(
    stage: Stage, result: BacktestResult, portfolios: Portfolios, analysis: Analysis, validation: Validation
) -> TrackRecord:
    """Read the record of a backtest, and write its tables."""
    events = stage.read(EVENTS)
    record = track_record(
        result,
        portfolios,
        analysis,
        validation,
        stage.settings["seed"],
        tuning=_trials(stage),
        sectors=stage.read(UNIVERSE).set_index("symbol")["gics_sector"],
        regimes=stage.read(REGIME_SERIES).set_index("date")["regime"],
        events=events.loc[events["kind"] == "configured", ["event", "start", "end"]],
    )
    for name in ("attribution", "drawdowns", "luck", "trials", "histories"):
        stage.write_csv(f"reports/backtest/{name}.csv", getattr(record, name))
    return record


def _trials(stage: Stage) -> int:
    """Count the sets of parameters that the searches of the configured models tried."""
    found = [stage.read_json(f"data/tuning/{model}.json")["trials"] for model in stage.settings["model_names"]]
    return sum(sum(each.values()) for each in found)
