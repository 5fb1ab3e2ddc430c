"""Archive: rare events, named and found, their rows, and the day from which each may be used."""

from barograph.archive import archive_tables, event_log
from barograph.archive.events import CONFIGURED
from barograph.archive.schema import ARCHIVE, EVENTS
from barograph.labels.schema import LABELS
from barograph.market.schema import BARS
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.stage import Stage, note, stage


@stage("archive", "regime")
def main(stage: Stage) -> str:
    """Collect the rows of every event and report the events that the data does not cover."""
    labels, regimes = stage.read(LABELS), stage.read(REGIME_SERIES)
    labels = labels[labels["date"].isin(regimes["date"])].reset_index(drop=True)
    bars = stage.read(BARS)
    events, rows = archive_tables(labels, regimes, bars, stage.build("archive"), stage.build("regime"))
    stage.write(EVENTS, events)
    stage.write(ARCHIVE, rows)
    stage.write_csv("reports/archive/events.csv", events)
    stage.write_csv("reports/archive/log.csv", event_log(events))
    first, last = bars["date"].min(), bars["date"].max()
    missing, named = events["coverage"] == "missing", events["kind"] == CONFIGURED
    for event in events[missing & named].itertuples():
        if event.start > last:
            why = f"it begins on {event.start:%F}, after the data's end on {last:%F}"
        elif event.end < first:
            why = f"it ends on {event.end:%F}, before the data's start on {first:%F}"
        else:
            why = f"no labelled row from {event.start:%F} to {event.end:%F}"
        note(f"{event.event}: not in the data; {why}")
    if beyond := int((missing & ~named).sum()):
        note(f"{beyond} found events lie outside the data; the context goes further than the bars")
    counts = events[events["rows"] > 0]["kind"].value_counts()
    return (
        f"{len(rows):,} rows of {counts.get('configured', 0)} named events, {counts.get('episode', 0)} found episodes "
        f"and {counts.get('shock', 0)} shocks of single names"
    )


if __name__ == "__main__":
    main()
