"""The `barograph` command."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from barograph import config
from barograph.cli import archive, audit
from barograph.errors import InputError
from barograph.files import write_text
from barograph.names import REGIMES


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process by default.

    Returns
    -------
    int
        The exit code: 0; 1 after a failed check, or after bad input, explained in one line on standard error.
    """
    given = _parser().parse_args(arguments)
    # As `python -m` does, so that modules of the user's own in the project's root are found.
    sys.path.insert(0, str(Path.cwd()))
    try:
        text, passed = given.run(given)
    except InputError as error:
        print(f"barograph: {error}", file=sys.stderr)
        return 1
    print(text)
    return 0 if passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="barograph", description="A reproducible laboratory for regime-aware trading."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    params = commands.add_parser(
        "params",
        help="compose conf/ into params.yaml",
        description="Compose conf/ (with Hydra overrides), validate every object, and write params.yaml.",
    )
    params.add_argument("overrides", nargs="*", metavar="OVERRIDE", help="such as memory=none or '~models.lightgbm'")
    params.add_argument("--check", action="store_true", help="write nothing; fail if params.yaml differs in value")
    params.set_defaults(run=lambda given: (_params(given.overrides, check=given.check), True))
    audited = commands.add_parser(
        "audit",
        help="find features, regimes and events that know the future",
        description="Corrupt everything after several dates, and take it away, compute all features, the regime rule, "
        "the VIX estimate and the detected events again, and demand the same past to the bit. A file's features are "
        "also computed in two fresh interpreters, on half of the history and on all of it. Exit code 1 if anything "
        "changed.",
    )
    chosen = audited.add_mutually_exclusive_group()
    chosen.add_argument("--features", metavar="A,B", type=lambda text: text.split(","), help="only these features")
    chosen.add_argument("--file", metavar="FILE", help="only the features that this Python file registers")
    chosen.add_argument(
        "--strategy", action="store_true", help="the strategies, sizings and overlays in conf/, yours included"
    )
    audited.add_argument("--data", action="store_true", help="on the tables in data/market/, not a simulated market")
    audited.set_defaults(run=_audit)
    compiled = commands.add_parser("compile", help="compile the numerical kernels, so that the first run need not")
    compiled.set_defaults(run=lambda _: (_compiled(), True))
    _add_archive(commands.add_parser("archive", help="list, show, add or retire rare events"))
    _add_model(commands.add_parser("model", help="promote a model, take it back, see who was in production"))
    _add_paper(commands.add_parser("paper", help="drive a strategy one day at a time, on paper"))
    _add_predict(commands.add_parser("predict", help="predict a day with the models of a version"))
    return parser


def _add_predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", metavar="NAME", help="prod, a version such as v1.0.0, or a commit; by default the work tree's models"
    )
    parser.add_argument("--date", metavar="DATE", help="such as 2024-03-01; by default the newest day of the bars")
    parser.add_argument("--symbols", nargs="+", default=[], metavar="SYMBOL", help="only these; by default all")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--against", metavar="NAME", help="compare with another version, or with `worktree`")
    chosen.add_argument(
        "--history", action="store_true", help="the expected log loss of the last days, and the matured"
    )
    parser.add_argument(
        "--out", action="append", default=[], type=Path, metavar="FILE", help="write a .parquet or .json file too"
    )
    parser.set_defaults(run=lambda given: (_predicted(given), True))


def _predicted(given: argparse.Namespace) -> str:
    from barograph.cli import predict  # the models' libraries are slow to import

    asked = predict.Asked(given.model, given.date, given.symbols, given.out)
    if given.history:
        return predict.history(asked)
    return predict.against(asked, given.against) if given.against else predict.day(asked)


def _add_archive(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True)
    listing = commands.add_parser("list", help="every event, named or found, and from when it may be used")
    listing.add_argument("--shocks", action="store_true", help="the shocks of single names too")
    listing.set_defaults(run=lambda given: (archive.listed(shocks=given.shocks), True))
    shown = commands.add_parser("show", help="what is known of one event")
    shown.add_argument("event")
    shown.set_defaults(run=lambda given: (archive.shown(given.event), True))
    added = commands.add_parser("add", help="name an event, known from today; written to conf/archive/")
    added.add_argument("event")
    for option, text in (("--start", "its first day, such as 2024-08-01"), ("--end", "its last day")):
        added.add_argument(option, required=True, metavar="DATE", help=text)
    added.add_argument("--regime", required=True, choices=REGIMES)
    added.add_argument("--weight", required=True, type=float, help="beside those of the list, which sum to 1")
    added.set_defaults(
        run=lambda given: (
            archive.add(given.event, start=given.start, end=given.end, regime=given.regime, weight=given.weight),
            True,
        )
    )
    retired = commands.add_parser("retire", help="show a named event no more from today on; written to conf/archive/")
    retired.add_argument("event")
    retired.set_defaults(run=lambda given: (archive.retire(given.event), True))


def _add_paper(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True)
    begun = commands.add_parser("init", help="begin a run in a folder")
    begun.add_argument("--portfolio", metavar="NAME", help="the candidate (the default) or one of `strategies`")
    begun.add_argument(
        "--start", metavar="DATE", help="its first day, such as 2022-01-03; by default the newest of the bars"
    )
    step = commands.add_parser("step", help="play the next day, and write its orders")
    step.add_argument("date", nargs="?", metavar="DATE", help="refuse any other day")
    step.add_argument("--all", action="store_true", help="play every day that the bars have")
    step.add_argument("--accept-code", action="store_true", help="go on with other code that does the same so far")
    shown = commands.add_parser("status", help="tell where the run is; exit code 1 if a backtest of its days differs")
    released = commands.add_parser("release", help="release the emergency stop")
    for each in (begun, step, shown, released):
        each.add_argument("--folder", type=Path, default=Path("paper"), help="of the journal (default: paper)")
    parser.set_defaults(run=_paper)


def _add_model(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True)
    listing = commands.add_parser("list", help="every promotion and rollback, and who is in production")
    listing.add_argument("--on", metavar="DATE", help="who was in production on this day (UTC), such as 2024-03-01")
    shown = commands.add_parser("show", help="the evidence of a version")
    promoted = commands.add_parser("promote", help="put the models of this commit in production")
    promoted.add_argument(
        "--override", metavar="REASON", help="although the gate rejected them; the reason is recorded"
    )
    promoted.add_argument("--version", metavar="VERSION", help="such as v2.0.0; by default the next minor version")
    returned = commands.add_parser("rollback", help="put an earlier version in production again")
    returned.add_argument("version", nargs="?", metavar="VERSION", help="by default the one that was replaced")
    for each, reason in ((promoted, "the gate accepted it"), (returned, "rolled back")):
        each.add_argument("--reason", default=reason, metavar="TEXT", help="why; recorded in the tag")
        each.add_argument("--push", action="store_true", help="push branch and tags to git's remote, all or nothing")
    compared = commands.add_parser("diff", help="settings, outputs and the gate's figures of two versions or commits")
    compared.add_argument("first", nargs="?", default="prod", metavar="A", help="by default prod")
    compared.add_argument("second", nargs="?", default="HEAD", metavar="B", help="by default HEAD")
    descent = commands.add_parser("lineage", help="from which versions, data and settings a version came")
    for each in (shown, descent):
        each.add_argument("version", nargs="?", default="prod", metavar="VERSION", help="by default prod")
    checked = commands.add_parser("verify", help="check tags, hashes and the bytes of every output")
    checked.add_argument("version", nargs="?", metavar="VERSION", help="by default all")
    parser.set_defaults(run=lambda given: (_model(given), True))


def _model(given: argparse.Namespace) -> str:
    from barograph.cli import model  # pandas' tables and DVC are slow to import

    actions: dict[str, Callable[[], str]] = {
        "list": lambda: model.listed(given.on),
        "show": lambda: model.shown(given.version),
        "promote": lambda: model.promote(given.reason, given.override, given.version, with_push=given.push),
        "rollback": lambda: model.roll_back(given.version, given.reason, with_push=given.push),
        "diff": lambda: model.compared(given.first, given.second),
        "lineage": lambda: model.lineage(given.version),
        "verify": lambda: model.verified(given.version),
    }
    return actions[given.action]()


def _paper(given: argparse.Namespace) -> tuple[str, bool]:
    from barograph.cli import paper  # numba is slow to import

    if given.action == "status":
        return paper.status(given.folder)
    if given.action == "init":
        return paper.init(given.folder, given.portfolio, given.start), True
    if given.action == "release":
        return paper.release(given.folder), True
    if given.date and given.all:
        raise InputError("paper step: a date and --all are given; one of them is allowed")
    return paper.step(given.folder, given.date, every=given.all, accept_code=given.accept_code), True


def _audit(given: argparse.Namespace) -> tuple[str, bool]:
    if not given.strategy:
        return audit.run(given.features, given.file, own_data=given.data)
    if given.data:
        raise InputError("--data: not with --strategy, which is audited on a simulated market")
    from barograph.cli import audited_strategies  # numba is slow to import

    return audited_strategies.run()


def _compiled() -> str:
    from barograph.cli import compile as kernels  # numba is slow to import

    return kernels.run()


def _params(overrides: list[str], *, check: bool) -> str:
    settings = config.compose(overrides)
    config.validate(settings)
    config.build(settings["features"], "features").register()
    path = Path(config.PARAMS)
    if not check:
        write_text(path, config.dump_params(settings))
        return f"{path}: composed from {config.CONF.name}/"
    found = config.load_params(path)
    for key, (composed, committed) in config.changes(settings, found).items():
        raise InputError(
            f"{path}: {key} is {committed!r}, {config.CONF.name}/ gives {composed!r}; run `barograph params` and commit"
        )
    return f"{path}: in step with {config.CONF.name}/"


if __name__ == "__main__":
    sys.exit(main())
