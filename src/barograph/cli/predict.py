"""`barograph predict`: what a version says of a day, beside another version, or of itself before labels mature."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pandas as pd

from barograph import config, tables
from barograph.cli import model
from barograph.cli.lines import aligned
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.errors import InputError
from barograph.features.signals import merge
from barograph.files import replacing, write_text
from barograph.folds.schema import FOLDS
from barograph.labels import label_bars
from barograph.latest import after_training
from barograph.latest.schema import LATEST
from barograph.market import MarketData, read_signals
from barograph.market.schema import BARS, CONTEXT, FACTS, SIGNALS, UNIVERSE
from barograph.names import PROBABILITIES
from barograph.registry import fetch, resolve
from barograph.registry.commands import git_answers
from barograph.registry.contents import at_commit, outputs
from barograph.scoring.expected import expected_and_matured
from barograph.serving import Version, answer, compare, predict, prepare, read_version
from barograph.serving.answer import BASE_RATES
from barograph.training.schema import PREDICTIONS

WORK_TREE: Final = "the work tree"
_MARKET: Final = "data/market"
# What computes a version's inputs: were it another, the models would see other features than they were fitted on.
_CODE: Final = ("differencing.py", "features", "labels", "regimes")


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    model: str | None
    date: str | None
    symbols: Sequence[str]
    out: Sequence[Path]


def day(asked: Asked) -> str:
    """Give the predictions of a day as a table, and write the files that are asked for."""
    market = _market(Path())
    with _version(asked.model) as version:
        newest = _date(asked.date, market)
        table, _ = _answered(version, market, [newest])
    table = _of_symbols(table, asked.symbols, newest)
    _write(version, table, asked.out)
    return _told(version, table)


def against(asked: Asked, other: str) -> str:
    """Compare two versions on the same days: the one asked for, or all that neither was trained on."""
    market = _market(Path())
    with _version(asked.model) as ours, _version(None if other == "worktree" else other) as theirs:
        end = max(ours.span[1], theirs.span[1])
        dates = market.bars["date"].drop_duplicates().sort_values(ignore_index=True)
        days = [_date(asked.date, market)] if asked.date else dates[after_training(dates, end)].tolist()
        (one, labels), (two, _) = (_answered(version, market, days) for version in (ours, theirs))
    one, two = one[one["predictor"] == ours.candidate], two[two["predictor"] == theirs.candidate]
    if asked.symbols:
        one, two = (_of_symbols(table, asked.symbols, days[-1]) for table in (one, two))
    both = one.merge(two, "inner", ["symbol", "date"], suffixes=("", "_against"))
    if asked.out:
        _write_table(both, asked.out)
    return _compared(ours, theirs, both, compare(one, two, labels))


def history(asked: Asked) -> str:
    """Compare the log loss that a version expects of its last days with what it was where labels have matured."""
    market = _market(Path())
    with _version(asked.model) as version, TemporaryDirectory() as folder:
        root = Path() if asked.model is None else Path(folder)
        table = PREDICTIONS if version.candidate in version.models else ENSEMBLE_PREDICTIONS
        path = table.path.format(model=version.candidate)
        if asked.model is not None:
            written = outputs(Path(), resolve(Path(), asked.model))
            needed = path if path in written else str(Path(path).parent)
            fetch(Path(), {needed: _output(written, needed, version.name)}, root)
        predictions = tables.read(table, root, model=version.candidate)
        if "predictor" in predictions:
            predictions = predictions[predictions["predictor"] == version.candidate]
        barriers, rule = version.build("label"), version.build("regime")
        labels, regimes = label_bars(market.bars, barriers), rule.table(market.context)
        found = expected_and_matured(predictions, labels, regimes, barriers.horizon)
    if asked.out:
        _write_table(found, asked.out)
    last = predictions["date"].max()
    heading = f"{version.name}: log loss of {version.candidate} out of sample up to {last:%F}"
    note = f"last {barriers.horizon} days: expected from the probabilities alone; matured: all days with a label"
    cells = {str(name): [_cell(value) for value in found[name]] for name in found}
    return f"{heading}\n{note}\n\n{aligned(cells)}"


@contextmanager
def _version(name: str | None) -> Iterator[Version]:
    """Read the version of a name, or that of the work tree."""
    if name is None:
        yield read_version(Path(), WORK_TREE)
        return
    model.recover()
    root = Path()
    commit = resolve(root, name)
    params = at_commit(root, commit, config.PARAMS)
    if params is None:
        raise InputError(f"{name}: the commit has no {config.PARAMS}; name a commit of this project")
    with TemporaryDirectory() as place:
        folder = Path(place)
        write_text(folder / config.PARAMS, params)
        names = config.load_params(folder / config.PARAMS)["model_names"]
        written = outputs(root, commit)
        needed = [FOLDS.path, LATEST.path, "models/ensemble", *(f"models/{each}" for each in names)]
        fetch(root, {path: _output(written, path, name) for path in needed}, folder)
        version = read_version(folder, commit[:10] if commit.startswith(name) else f"{name} ({commit[:10]})")
        _check_code(version, commit)
        yield version


def _output(written: dict[str, str], path: str, name: str) -> str:
    if path not in written:
        raise InputError(f"{name}: its dvc.lock has no output {path}; run dvc repro there and commit")
    return written[path]


def _check_code(version: Version, commit: str) -> None:
    """Refuse a version whose features today's code would compute otherwise."""
    code = [f"src/barograph/{name}" for name in _CODE] + [version.settings["features"]["file"]]
    changed = git_answers(Path(), "diff", "--name-only", commit, "--", *code)
    if changed:
        raise InputError(
            f"{version.name}: {changed.split()[0]} has changed since; predict in a checkout of it "
            f"(git worktree add ../{commit[:10]} {commit[:10]})"
        )


def _market(root: Path) -> MarketData:
    """Read the market tables of the work tree or, in a clone without them, of its commit."""
    if (root / BARS.path).is_file():
        return _read_market(root)
    with TemporaryDirectory() as place:
        fetch(root, {_MARKET: _output(outputs(root, "HEAD"), _MARKET, "HEAD")}, Path(place))
        return _read_market(Path(place))


def _read_market(folder: Path) -> MarketData:
    universe = tables.read(UNIVERSE, folder)
    facts, signals = (
        tables.read(table, folder) if (folder / table.path).is_file() else None for table in (FACTS, SIGNALS)
    )
    path = config.load_params(Path(config.PARAMS))["features"]["signals"]
    joined, _ = merge({SIGNALS.path: signals, path: read_signals(Path(path), universe)[0]})
    return MarketData(tables.read(BARS, folder), tables.read(CONTEXT, folder), universe, None, facts, joined)


def _date(asked: str | None, market: MarketData) -> pd.Timestamp:
    if asked is None:
        return pd.Timestamp(market.bars["date"].max())
    try:
        return pd.Timestamp(date.fromisoformat(asked)).as_unit("us")
    except ValueError as error:
        raise InputError(f"--date: {asked!r} is no date; allowed is year-month-day, such as 2024-03-01") from error


def _answered(version: Version, market: MarketData, dates: Sequence[pd.Timestamp]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the answer of a version for dates, and the labels that it knows of."""
    prepared = prepare(version, market, dates)
    predictions = predict(version, prepared.features, prepared.bars, prepared.context, prepared.regimes)
    return answer(version, predictions, prepared), prepared.labels


def _of_symbols(table: pd.DataFrame, symbols: Sequence[str], on: pd.Timestamp) -> pd.DataFrame:
    known = set(table["symbol"])
    if unknown := [symbol for symbol in symbols if symbol not in known]:
        raise InputError(f"--symbols: {unknown[0]} has no bar on {on:%F}; there are {', '.join(sorted(known))}")
    return table[table["symbol"].isin(symbols)] if symbols else table


def _told(version: Version, table: pd.DataFrame) -> str:
    ours = table[table["predictor"] == version.candidate]
    first = ours.iloc[0]
    rates = ", ".join(f"{name.removeprefix('base_')} {first[name]:.3f}" for name in BASE_RATES)
    start, end = version.span
    columns = ["symbol", *PROBABILITIES, "novelty", "weight"]
    lines = [
        f"model       {version.name}, {version.candidate}, trained on {start:%F} to {end:%F}",
        f"date        {first['date']:%F}",
        f"regime      {first['regime']}; base rates {rates}",
        "",
        aligned({name: [_cell(value) for value in ours[name]] for name in columns}),
    ]
    return "\n".join(lines)


def _compared(ours: Version, theirs: Version, both: pd.DataFrame, scored: pd.DataFrame) -> str:
    heading = f"{ours.name} against {theirs.name}, {both['date'].min():%F} to {both['date'].max():%F}"
    last = both[both["date"] == both["date"].max()]
    columns = ["symbol", *(f"{name}{suffix}" for name in PROBABILITIES for suffix in ("", "_against"))]
    shown = aligned({name: [_cell(value) for value in last[name]] for name in columns})
    if scored.empty:
        matured = "no label of these days has matured yet"
    else:
        mean = scored.mean(numeric_only=True)
        matured = (
            f"{len(scored)} days with matured labels: log loss {mean['log_loss']:.4f} against "
            f"{mean['log_loss_against']:.4f}, paired difference {mean['difference']:+.4f}; Brier score "
            f"{mean['brier']:.4f} against {mean['brier_against']:.4f}, {mean['brier_difference']:+.4f} "
            f"(positive where {ours.name} is better)"
        )
    return f"{heading}\n{matured}\n\n{last['date'].iloc[0]:%F}\n{shown}"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4f}"
    return str(value)


def _write(version: Version, table: pd.DataFrame, paths: Sequence[Path]) -> None:
    for path in paths:
        if path.suffix == ".json":
            write_text(path, json.dumps(_plain(version, table), indent=2, sort_keys=True, allow_nan=False) + "\n")
        else:
            _write_table(table, [path])


def _write_table(table: pd.DataFrame, paths: Sequence[Path]) -> None:
    for path in paths:
        if path.suffix == ".json":
            write_text(path, table.to_json(orient="records", date_format="iso", indent=2, double_precision=15) + "\n")
            continue
        if path.suffix != ".parquet":
            raise InputError(f"--out: {path}: allowed are .parquet and .json")
        with replacing(path) as temporary:
            table.to_parquet(temporary, index=False)


def _plain(version: Version, table: pd.DataFrame) -> dict[str, Any]:
    first = table.iloc[0]
    columns = ["predictor", "symbol", *PROBABILITIES, "novelty", "weight"]
    rows = table[columns].astype(object).where(table[columns].notna(), None).to_dict("records")
    start, end = version.span
    return {
        "model": version.name,
        "candidate": version.candidate,
        "trained_on": [f"{start:%F}", f"{end:%F}"],
        "date": f"{first['date']:%F}",
        "regime": first["regime"],
        "base_rates": {name.removeprefix("base_"): first[name] for name in BASE_RATES},
        "predictions": rows,
    }
