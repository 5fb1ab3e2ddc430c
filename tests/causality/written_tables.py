"""What a run shows its models, checked row by row in the files that it wrote.

An oracle: it reads parquet and params.yaml and shares no code with the package. The calendar is the regimes table's,
up to the last exit of a label; a fold's *deadline* is the trading day that lies `folds.embargo` trading days before
its test window, and whatever the fold is shown must have been known before that day.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .written_run import ROW, Run, named

MAX_COPIES = 10
DAYS_A_YEAR = 365.25


def violations(root: Path) -> list[str]:
    """Name every rule that the written tables of a run break, one line a rule and table; none if all is well."""
    run = Run(root)
    found = [*_folds(run), *_events(run), *_detected(run), *_shown(run, "samples", "fold")]
    for path in sorted(root.glob("data/predictions/*.parquet")):
        found += _predictions(run, path.stem)
    for path in sorted(root.glob("data/replay/*.parquet")):
        found += _replay(run, path.stem)
    if run.exists("exams"):
        found += [*_exams(run), *_shown(run, "exam_samples", "exam"), *_examined(run)]
        for path in sorted(root.glob("data/exam/*.parquet")):
            found += _exam_predictions(run, path.stem)
    return found


def _folds(run: Run) -> list[str]:
    folds = run.folds.sort_values("test_start")
    early = folds["test_end"].notna() & (folds["test_start"] <= folds["test_end"].shift())
    return [
        *named(
            "folds", folds, folds["train_end"] >= folds["deadline"], "train on what is known on the deadline or later"
        ),
        *named("folds", folds, early, "are tested on days of the fold before"),
        *named("folds", folds, folds["test_end"].isna() != (folds["fold"] == folds["fold"].max()), "end wrongly"),
    ]


def _events(run: Run) -> list[str]:
    """Check that an event's rows are those of its days, and that it waits for the last of their exits."""
    expected, keys = _expected(run), ["event", *ROW]
    odd = {*expected.loc[~_within(expected, run.archive, keys), "event"]}
    odd |= {*run.archive.loc[~_within(run.archive, expected, keys), "event"]}
    events = run.events.set_index("event", drop=False).rename_axis(None)
    own = expected.groupby("event")
    counted = own.size().reindex(events.index, fill_value=0)
    wrong = events["event"].isin(odd) | (events["rows"] != counted)
    late = own["exit_date"].max().reindex(events.index) > events["available_from"]
    labelled_to = events["symbol"].map(run.labels.groupby("symbol")["date"].max()).fillna(run.labels["date"].max())
    going_on = (labelled_to <= events["end"]) | ((events["kind"] != "configured") & events["closed_on"].isna())
    unfinished = going_on & (events["available_from"] <= run.labels["exit_date"].max())
    found = [
        *named("events", events, wrong, "have other rows in the archive than the labelled ones of their days"),
        *named("events", events, late, "are available before the last exit of their rows"),
        *named("events", events, unfinished, "are available though the data does not see their end"),
        *named(
            "events",
            events,
            (counted > 0) != events["available_from"].notna(),
            "are available without rows, or have rows and are not",
        ),
    ]
    listed = run.params["archive"]["events"]
    for field in ("start", "end", "known_from", "retired_on", "regime"):
        found += _as_listed(events, listed, field)
    copied = run.archive.merge(run.events, on="event", how="left", suffixes=("", "_event"))
    for field in ("available_from", "regime", "kind"):
        other = copied[field] != copied[f"{field}_event"]
        found += named("archive", copied, other, f"have another {field} than their event")
    return found


def _expected(run: Run) -> pd.DataFrame:
    """Give the labelled rows of every event's days, and of its symbol where it has one."""
    dates, everywhere = run.labels["date"].to_numpy(), np.arange(len(run.labels))
    of_symbol = run.labels.groupby("symbol").indices
    parts = []
    for event in run.events.itertuples():
        at = everywhere if pd.isna(event.symbol) else of_symbol.get(event.symbol, everywhere[:0])
        parts.append(at[(dates[at] >= event.start.to_datetime64()) & (dates[at] <= event.end.to_datetime64())])
    names = np.repeat(run.events["event"].to_numpy(object), [part.size for part in parts])
    return run.labels.iloc[np.concatenate(parts)].assign(event=names)


def _as_listed(events: pd.DataFrame, listed: dict[str, dict[str, object]], field: str) -> list[str]:
    configured = events[events["kind"] == "configured"]
    given = configured["event"].map(lambda name: listed.get(name, {}).get(field))
    if field == "regime":
        return named("events", configured, configured["regime"] != given, "have another regime than params.yaml says")
    days = pd.to_datetime(given)
    if field == "known_from":
        return named("events", configured, configured["available_from"] < days, "are available before they were known")
    same = (configured[field] == days) | (configured[field].isna() & days.isna())
    return named("events", configured, ~same, f"have another {field} than params.yaml says")


def _detected(run: Run) -> list[str]:
    """Check that a found event is recognised on what was seen by then, closed after that, and usable after both."""
    found = run.events[run.events["kind"] != "configured"]
    episodes = found[found["kind"] == "episode"]
    ended = episodes[episodes["closed_on"].notna()]
    closed = found[found["closed_on"].notna()]
    lines = [
        *named("events", episodes, episodes["recognised_on"] <= episodes["start"], "are recognised on their first day"),
        *named("events", found, ~(found["recognised_on"] >= found["start"]), "are recognised before they start"),
        *named(
            "events", closed, closed["closed_on"] < closed["recognised_on"], "are closed before they are recognised"
        ),
        *named(
            "events", closed, closed["available_from"] < closed["closed_on"], "are available before they are closed"
        ),
    ]
    settings = run.params["archive"]["detection"]
    if settings is None or episodes.empty:
        return lines
    seen = [_days_of(run, event) for event in episodes.itertuples()]
    lines += named("events", episodes, np.array(seen) < settings["min_days"], "are recognised before min_days of them")
    at, end = (np.searchsorted(run.regimes["date"], ended[name].to_numpy()) for name in ("closed_on", "end"))
    return lines + named("events", ended, at - end <= settings["gap_days"], "are closed before their gap_days are over")


def _days_of(run: Run, event: object) -> int:
    days = run.regimes[run.regimes["date"].between(event.start, event.recognised_on)]
    return int((days["regime"] == event.regime).sum())


def _shown(run: Run, table: str, group: str) -> list[str]:
    """Check the training rows of every fold, or of every exam."""
    rows = run.shown(table)
    source = rows["source"]
    events, placebo = (source == "archive") & (rows["event"] != "placebo"), rows["event"] == "placebo"
    return [
        *_every_row(run, table, rows, group),
        *_window(run, table, rows[source == "window"]),
        *_archived(run, table, rows[events].reset_index(drop=True)),
        *_placebo(run, table, rows[placebo].reset_index(drop=True)),
    ]


def _every_row(run: Run, table: str, rows: pd.DataFrame, group: str) -> list[str]:
    final = rows["test_end"].isna()
    sizes = rows.groupby([group, *ROW])["copy"].transform("size")
    same = rows.groupby([group, *ROW, "source", "event", "regime", "weight"], dropna=False)["copy"].transform("size")
    allowed = MAX_COPIES if run.memory["balance"] else 1
    tested = rows["date"].between(rows["test_start"], rows["test_end"]) | (final & (rows["date"] >= rows["test_start"]))
    budget = rows.groupby(group)["copy"].transform("size")
    return [
        *named(table, rows, rows["deadline"].isna(), "are of no fold of the folds table"),
        *named(table, rows, rows["exit_date"].isna(), "have no label"),
        *named(table, rows, rows["exit_date"] >= rows["deadline"], "have an exit on the deadline or later"),
        *named(table, rows, tested, "lie in the test window of their fold"),
        *named(table, rows, sizes > allowed, f"stand more than {allowed} times in their fold"),
        *named(table, rows, ~rows["copy"].between(0, sizes - 1), "have copies counted wrongly"),
        *named(table, rows, rows.duplicated([group, *ROW, "copy"]), "stand twice under one key"),
        *named(table, rows, sizes != same, "differ from another copy of theirs"),
        *named(table, rows, budget > run.memory["rows"], "are beyond the budget of memory.rows"),
        *named(table, rows, ~rows["source"].isin(["window", "archive"]), "come from nowhere"),
        *named(table, rows, ~(rows["weight"] > 0), "have no weight"),
    ]


def _window(run: Run, table: str, rows: pd.DataFrame) -> list[str]:
    years, first = run.memory["window"]["years"], run.labels["date"].min()
    start = first if years is None else (rows["test_start"] - pd.DateOffset(years=years)).clip(lower=first)
    return [
        *named(table, rows, rows["date"] < start, "lie before the window"),
        *named(table, rows, rows["train_start"] != start, "are of a fold whose train_start is not its window's"),
        *named(table, rows, rows["event"].notna(), "come from the window and name an event"),
        *named(table, rows, rows["regime"] != rows["date_regime"], "have another regime than their date"),
    ]


def _archived(run: Run, table: str, rows: pd.DataFrame) -> list[str]:
    share = run.memory["archive"]
    if share is None or share["placebo"]:
        return named(table, rows, np.ones(len(rows)), "are of events, which this memory does not draw")
    known = run.events[["event", "kind", "regime", "available_from", "retired_on", "duplicate_of"]]
    rows = rows.merge(known, on="event", how="left", suffixes=("", "_event"))
    usable = run.folds.merge(run.events, how="cross")
    usable = usable[usable["kind"].isin(share["kinds"]) & (usable["available_from"] < usable["deadline"])]
    by_name = usable[["fold", "event"]].rename(columns={"event": "duplicate_of"})
    return [
        *named(table, rows, rows["kind"].isna(), "name an event that is not in the events table"),
        *named(table, rows, ~_within(rows, run.archive, ["event", *ROW]), "do not belong to their event"),
        *named(table, rows, ~(rows["available_from"] < rows["deadline"]), "are of an event not available in time"),
        *named(table, rows, rows["regime"] != rows["regime_event"], "have another regime than their event"),
        *named(table, rows, _gone(rows), "are of an event that was retired"),
        *named(table, rows, ~rows["kind"].isin(share["kinds"]), f"are not of the kinds {share['kinds']}"),
        *named(table, rows, _within(rows, by_name, ["fold", "duplicate_of"]), "are of an event known by another name"),
    ]


def _gone(rows: pd.DataFrame) -> pd.Series:
    """Tell what was retired by the fold's first test day, or at all where the fold trains the model for service."""
    return rows["retired_on"].notna() & ((rows["retired_on"] <= rows["test_start"]) | rows["test_end"].isna())


def _within(rows: pd.DataFrame, others: pd.DataFrame, keys: list[str]) -> np.ndarray:
    return pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(others[keys]))


def _placebo(run: Run, table: str, rows: pd.DataFrame) -> list[str]:
    share = run.memory["archive"]
    if share is None or not share["placebo"]:
        return named(table, rows, np.ones(len(rows)), "are of a placebo, which this memory does not draw")
    inside = np.zeros(len(rows), bool)
    known = run.folds.merge(run.events, how="cross")
    known = known[known["available_from"] < known["deadline"]]
    for event in known[known["kind"] != "shock"].itertuples():
        inside |= ((rows["fold"] == event.fold) & rows["date"].between(event.start, event.end)).to_numpy()
    shocks = known[known["kind"] == "shock"][["fold", "event"]].merge(run.archive[["event", *ROW]], on="event")
    inside |= _within(rows, shocks, ["fold", *ROW])
    return [
        *named(table, rows, inside, "are a placebo inside an event that the fold knows"),
        *named(table, rows, rows["regime"] != rows["date_regime"], "are a placebo of another regime than its date's"),
    ]


def _predictions(run: Run, model: str) -> list[str]:
    rows = run.table(f"predictions/{model}").merge(run.folds, on="fold", how="left")
    outside = ~rows["date"].between(rows["test_start"], rows["test_end"])
    return named(f"predictions/{model}", rows, outside, "lie outside the test window of their fold")


def _replay(run: Run, model: str) -> list[str]:
    """Check that only mistakes of earlier folds are replayed, matured ones, the worst ones, and not too many."""
    table, replay = f"replay/{model}", run.memory["replay"]
    written = run.table(table)
    if replay is None:
        return named(table, written, np.ones(len(written)), "are replayed, which this memory does not do")
    predicted = run.table(f"predictions/{model}").merge(run.labels, on=ROW).rename(columns={"fold": "predicted_in"})
    given = predicted[["p_sell", "p_hold", "p_buy"]].to_numpy()[np.arange(len(predicted)), predicted["label"]]
    predicted["own_loss"] = -np.log(np.maximum(given, np.finfo(float).eps))
    known = predicted.rename(columns={"exit_date": "own_exit"})[[*ROW, "predicted_in", "own_exit", "own_loss"]]
    rows = written.merge(known, on=ROW, how="left").merge(run.folds, on="fold", how="left")
    found = [
        *named(table, rows, rows["predicted_in"].isna(), "were never predicted out of sample, or have no label"),
        *named(table, rows, rows["predicted_in"] >= rows["fold"], "were not predicted in an earlier fold"),
        *named(table, rows, rows["exit_date"] != rows["own_exit"], "have another exit than their label"),
        *named(table, rows, rows["own_exit"] >= rows["deadline"], "have an exit on the deadline or later"),
        *named(table, rows, ~np.isclose(rows["loss"], rows["own_loss"], rtol=1e-9), "have another loss than predicted"),
    ]
    for fold, own in rows.groupby("fold"):
        found += _worst(run, table, own, known[known["predicted_in"] < fold])
    return found


def _worst(run: Run, table: str, rows: pd.DataFrame, known: pd.DataFrame) -> list[str]:
    replay, fold = run.memory["replay"], rows.iloc[0]
    matured = known[known["own_exit"] < fold["deadline"]]
    if replay["max_age"] is not None:
        oldest = fold["test_start"] - pd.Timedelta(days=DAYS_A_YEAR * replay["max_age"])
        matured = matured[matured["date"] >= oldest]
    allowed = matured["own_loss"].nlargest(int(replay["worst"] * len(matured)))
    shown = run.samples[run.samples["fold"] == fold["fold"]]
    again = shown.merge(rows[ROW], on=ROW)
    new = len(rows) - len(again.drop_duplicates(ROW))
    share = (len(again) + new) / (len(shown) + new)
    everything = np.ones(len(rows))
    return [
        *named(table, rows, ~_within(rows, matured, ROW), "had not matured, or are older than max_age"),
        *named(table, rows, everything * (len(rows) > len(allowed)), "are more than the worst share of the mistakes"),
        *named(table, rows, rows["own_loss"] < allowed.min(), "are not among the worst mistakes"),
        *named(table, rows, everything * (share > replay["max_share"]), "are more than max_share of the final rows"),
    ]


def _exams(run: Run) -> list[str]:
    """Check that an exam leaves out its event with the embargo on both sides."""
    exams = run.exams.merge(run.folds, on="fold", how="left").assign(rows_found=0, before=False, after=False)
    for at, exam in exams.iterrows():
        own = run.labels[run.labels["date"].between(exam["start"], exam["end"])]
        last = np.searchsorted(run.calendar, own["exit_date"].max().to_datetime64()) + run.embargo
        exams.loc[at, "rows_found"] = len(own)
        exams.loc[at, "before"] = exam["left_out_from"] > run.trading_day(exam["start"], -run.embargo)
        exams.loc[at, "after"] = exam["left_out_to"] < run.calendar[min(last, len(run.calendar) - 1)]
    outside = ~exams["start"].between(exams["test_start"], exams["test_end"])
    return [
        *named("exams", exams, exams["rows"] != exams["rows_found"], "count other rows than the labelled ones"),
        *named("exams", exams, exams["before"], "leave out less than the embargo before their first day"),
        *named("exams", exams, exams["after"], "leave out less than the embargo after their last exit"),
        *named("exams", exams, outside, "start outside the test window of their fold"),
    ]


def _examined(run: Run) -> list[str]:
    """Check that nothing of an examined event is trained on."""
    spans = run.exams[["exam", "left_out_from", "left_out_to"]]
    twins = run.events[["event", "duplicate_of"]]
    rows = run.shown("exam_samples").merge(spans, on="exam", how="left").merge(twins, on="event", how="left")
    touching = (rows["date"] <= rows["left_out_to"]) & (rows["exit_date"] >= rows["left_out_from"])
    own = (rows["event"] == rows["exam"]) | (rows["duplicate_of"] == rows["exam"])
    return [
        *named("exam_samples", rows, rows["left_out_from"].isna(), "are of no exam of the exams table"),
        *named("exam_samples", rows, touching, "live in the span that their exam leaves out"),
        *named("exam_samples", rows, own, "are of the event that is examined"),
    ]


def _exam_predictions(run: Run, model: str) -> list[str]:
    rows = run.table(f"exam/{model}").merge(run.exams[["exam", "start", "end"]], on="exam", how="left")
    return named(f"exam/{model}", rows, ~rows["date"].between(rows["start"], rows["end"]), "lie outside their exam")
