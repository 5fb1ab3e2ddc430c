"""The files that a run wrote, read without the package."""

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import yaml

ROW = ["symbol", "date"]
DAYS = (
    *("date", "exit_date", "start", "end", "available_from", "recognised_on", "closed_on", "retired_on"),
    *("train_start", "train_end", "test_start", "test_end", "left_out_from", "left_out_to"),
)


class Run:
    """The tables of one run, as they lie in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.params = yaml.safe_load((root / "params.yaml").read_text())
        self.memory = self.params["memory"]

    def exists(self, name: str) -> bool:
        return (self.root / f"data/{name}.parquet").is_file()

    def table(self, name: str) -> pd.DataFrame:
        frame = pq.read_table(self.root / f"data/{name}.parquet").to_pandas()
        for column in frame.columns.intersection(DAYS):
            frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
        return frame

    @cached_property
    def regimes(self) -> pd.DataFrame:
        return self.table("regimes")[["date", "regime"]]

    @cached_property
    def labels(self) -> pd.DataFrame:
        labels = self.table("labels")
        return labels[labels["date"].isin(self.regimes["date"])].reset_index(drop=True)

    @cached_property
    def calendar(self) -> np.ndarray:
        dates = np.sort(self.regimes["date"].to_numpy())
        return dates[dates <= self.labels["exit_date"].max()]

    @cached_property
    def folds(self) -> pd.DataFrame:
        folds = self.table("folds")
        return folds.assign(deadline=[self.trading_day(start, -self.embargo) for start in folds["test_start"]])

    @property
    def embargo(self) -> int:
        return int(self.params["folds"]["embargo"])

    def trading_day(self, day: pd.Timestamp, away: int) -> pd.Timestamp:
        """Give the trading day so many before `day`, or `day` itself for none."""
        at = int(np.searchsorted(self.calendar, day.to_datetime64())) + away
        return pd.Timestamp(self.calendar[max(at, 0)]) if away else day

    @cached_property
    def events(self) -> pd.DataFrame:
        return self.table("events")

    @cached_property
    def archive(self) -> pd.DataFrame:
        return self.table("archive")

    @cached_property
    def samples(self) -> pd.DataFrame:
        return self.shown("samples")

    @cached_property
    def exams(self) -> pd.DataFrame:
        return self.table("exams")

    def shown(self, table: str) -> pd.DataFrame:
        """Give every training row with the life of its label, its fold and the regime of its date.

        An exam is given what the last fold with a test window may know.
        """
        rows = self.table(table)
        if "fold" not in rows:
            rows["fold"] = self.folds.loc[self.folds["test_end"].notna(), "fold"].max()
        by_date = self.regimes.rename(columns={"regime": "date_regime"})
        rows = rows.merge(self.labels[[*ROW, "exit_date"]], on=ROW, how="left", validate="many_to_one")
        return rows.merge(self.folds, on="fold", how="left").merge(by_date, on="date", how="left")


def named(table: str, rows: pd.DataFrame, bad: object, what: str) -> list[str]:
    """Give one line that says how many rows break a rule and which is the first of them."""
    broken = rows[np.asarray(bad, dtype=bool)]
    if broken.empty:
        return []
    keys = [name for name in ("fold", "exam", "event", "symbol", "date", "copy") if name in broken]
    first = ", ".join(f"{key}={short(broken.iloc[0][key])}" for key in keys)
    return [f"{table}: {len(broken)} rows {what}; first: {first}"]


def short(value: object) -> str:
    return f"{value:%F}" if isinstance(value, pd.Timestamp) and not pd.isna(value) else str(value)
