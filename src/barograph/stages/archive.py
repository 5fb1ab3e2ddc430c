"""Archive: the rows of every rare event, and the day from which they may be used."""

from barograph import tables
from barograph.memory import archive_rows, event_coverage
from barograph.stages.stage import Stage, stage


@stage("archive")
def main(stage: Stage) -> str:
    """Collect the configured events and report what the data does not cover."""
    labels, regimes = stage.read(tables.LABELS), stage.read(tables.REGIME_SERIES)
    labels = labels[labels["date"].isin(regimes["date"])].reset_index(drop=True)
    archive = stage.build("archive")
    rows = archive_rows(labels, archive)
    coverage = event_coverage(labels, regimes["date"], archive)
    stage.write(tables.ARCHIVE, rows)
    stage.write_csv("reports/archive/events.csv", coverage)
    lacking = coverage[coverage["coverage"] != "full"]
    for event in lacking.itertuples():
        print(f"          {event.event}: {event.coverage} in the data ({event.start:%F} to {event.end:%F})")
    return f"{len(rows):,} rows of {len(coverage) - (coverage['rows'] == 0).sum()} out of {len(coverage)} events"


if __name__ == "__main__":
    main()
