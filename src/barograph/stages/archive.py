"""Archive: rare events, named and found, their rows, and the day from which each may be used."""

from barograph import tables
from barograph.memory import archive_tables, event_log
from barograph.stages.stage import Stage, stage


@stage("archive")
def main(stage: Stage) -> str:
    """Collect the rows of every event and report what the data does not cover."""
    labels, regimes = stage.read(tables.LABELS), stage.read(tables.REGIME_SERIES)
    labels = labels[labels["date"].isin(regimes["date"])].reset_index(drop=True)
    events, rows = archive_tables(labels, regimes, stage.read(tables.BARS), stage.build("archive"))
    stage.write(tables.EVENTS, events)
    stage.write(tables.ARCHIVE, rows)
    stage.write_csv("reports/archive/events.csv", events)
    stage.write_csv("reports/archive/log.csv", event_log(events))
    for event in events[events["coverage"] == "missing"].itertuples():
        print(f"          {event.event}: not in the data ({event.start:%F} to {event.end:%F})")
    counts = events[events["rows"] > 0]["kind"].value_counts()
    return (
        f"{len(rows):,} rows of {counts.get('configured', 0)} named events, {counts.get('episode', 0)} found episodes "
        f"and {counts.get('shock', 0)} shocks of single names"
    )


if __name__ == "__main__":
    main()
