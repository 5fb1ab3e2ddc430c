"""The `barograph` command."""

import argparse
import sys
from pathlib import Path

from barograph import config
from barograph.cli import audit
from barograph.errors import InputError


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
    checked = commands.add_parser(
        "audit",
        help="find features and regimes that know the future",
        description="Corrupt everything after several dates, and take it away, compute all features, the regime rule "
        "and the VIX estimate again, and demand the same past to the bit. Exit code 1 if anything changed.",
    )
    chosen = checked.add_mutually_exclusive_group()
    chosen.add_argument("--features", metavar="A,B", type=lambda text: text.split(","), help="only these features")
    chosen.add_argument("--file", metavar="FILE", help="only the features that this Python file registers")
    checked.add_argument("--data", action="store_true", help="on the tables in data/market/, not a simulated market")
    given = parser.parse_args(arguments)
    # As `python -m` does, so that modules of the user's own in the project's root are found.
    sys.path.insert(0, str(Path.cwd()))
    try:
        if given.command == "audit":
            text, clean = audit.run(given.features, given.file, own_data=given.data)
            print(text)
            return 0 if clean else 1
        print(_params(given.overrides, check=given.check))
    except InputError as error:
        print(f"barograph: {error}", file=sys.stderr)
        return 1
    return 0


def _params(overrides: list[str], *, check: bool) -> str:
    settings = config.compose(overrides)
    config.validate(settings)
    path = Path(config.PARAMS)
    if not check:
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(config.dump_params(settings))
        temporary.replace(path)
        return f"{path}: composed from {config.CONF.name}/"
    found = config.load_params(path)
    for key, (composed, committed) in config.changes(settings, found).items():
        raise InputError(
            f"{path}: {key} is {committed!r}, {config.CONF.name}/ gives {composed!r}; run `barograph params` and commit"
        )
    return f"{path}: in step with {config.CONF.name}/"


if __name__ == "__main__":
    sys.exit(main())
