"""A user's features in interpreters that have computed nothing before: what a file keeps cannot agree with itself."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import pandas as pd

from barograph import config
from barograph.cli.audited_market import audited_market
from barograph.errors import InputError
from barograph.features import compute
from barograph.features.audit import changes_of_the_past, keyed, truncated
from barograph.features.own import register_file


def first_changes(names: Sequence[str], file: str, middle: pd.Timestamp, *, own_data: bool) -> pd.Series:
    """Compute features on history up to a date and on all of it, each in an interpreter of its own, and compare.

    Gives by feature the earliest date up to `middle` on which the two differ; NaT where they agree. Raises InputError
    if an interpreter ends, or as :func:`barograph.features.compute`.
    """
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), max_tasks_per_child=1) as interpreters:
        runs = [interpreters.submit(_answer, names, file, until, own_data) for until in (None, middle)]
        try:
            whole, part = (run.result() for run in runs)
        except BrokenProcessPool as error:
            raise InputError(f"{file}: an interpreter that computed its features ended") from error
    return changes_of_the_past(keyed(whole), keyed(part), middle)


def _answer(names: Sequence[str], file: str, until: pd.Timestamp | None, own_data: bool) -> pd.DataFrame:
    settings = config.compose()
    features, rule = config.build(settings["features"], "features"), config.build(settings["regime"], "regime")
    features.register()
    register_file(file)
    market = audited_market(features, rule.table, own_data=own_data)
    if until is not None:
        market = truncated(market, until, features.release_lag)
    regimes = rule.table(market["context"])
    return compute(**market, regimes=regimes, names=names, release_lag=features.release_lag, calendar=features.calendar)
