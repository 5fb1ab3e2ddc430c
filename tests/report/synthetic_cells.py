"""Invented skill per symbol, and per sector and regime."""

from collections.abc import Iterable, Sequence

import pandas as pd

from barograph.names import BASELINES, REGIMES

SYMBOLS = [f"S{number:02}" for number in range(14)]


def symbols(predictors: Sequence[str]) -> pd.DataFrame:
    """Give 14 symbols: the headline's skill falls from 6 % by 1 % a symbol, the last two have too little evidence."""
    names = [{"symbol": symbol, "gics_sector": "Energy" if place % 2 else "Utilities"} for place, symbol in _numbered()]
    return _table(names, [0.06 - 0.01 * place for place, _ in _numbered()], (12, 13), predictors)


def sectors_by_regime(predictors: Sequence[str], sectors: Iterable[str]) -> pd.DataFrame:
    """Give a cell to each sector and regime: crashes have too little evidence, and no sector has a recovery."""
    names = [{"gics_sector": sector, "regime": regime} for sector in sectors for regime in REGIMES[:4]]
    skills = [0.05 - 0.005 * place for place in range(len(names))]
    return _table(names, skills, [place for place in range(len(names)) if place % 4 == 3], predictors)


def _numbered() -> list[tuple[int, str]]:
    return list(enumerate(SYMBOLS))


def _table(
    names: Sequence[dict[str, str]], skills: Sequence[float], weak: Sequence[int], predictors: Sequence[str]
) -> pd.DataFrame:
    """Make q-values that decide where the skill is 3 % or more from 0, on either side."""
    rows = []
    for place, (name, skill) in enumerate(zip(names, skills, strict=True)):
        for behind, predictor in enumerate(predictors):
            enough, own = place not in weak, 0.0 if predictor == "regime_prior" else skill - 0.001 * behind
            row = name | {"predictor": predictor, "rows": 4000, "dates": 4000, "cases": 345.6 if enough else 20.4}
            row |= {"episodes": 9 if enough else 3, "effective_episodes": 8.5 if enough else 2.5, "sufficient": enough}
            row["more_episodes"] = 0 if enough else 2
            for baseline in BASELINES:
                key, p = f"skill_{baseline}", 0.01 if abs(own) > 0.0299 else 0.04
                row |= {key: own, f"{key}_low": own - 0.015, f"{key}_high": own + 0.015, f"{key}_p_value": p}
                row[f"{key}_q_value"] = 2 * p if enough else float("nan")
            rows.append(row)
    return pd.DataFrame(rows)
