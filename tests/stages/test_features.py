"""What the features stage says of its inputs."""

from pathlib import Path

import pandas as pd
import pytest

from barograph import config, tables
from barograph.market.schema import BARS, CONTEXT, FACTS, UNIVERSE
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages import features
from barograph.stages.stage import Stage
from barograph.testing import simulate


@pytest.mark.parametrize("misspelt", [False, True])
def test_fields_that_no_feature_reads_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], misspelt: bool
) -> None:
    data = simulate(symbols=3, years=2, facts=True)
    settings = config.compose(["features.names=[rsi_14, pe_ratio_asof]"])
    regimes = config.build(settings["regime"], "regime").table(data.context)
    spelling = {"peg_ratio": "pegratio", "eps_growth": "growth"} if misspelt else {}
    facts = data.facts.assign(field=data.facts["field"].replace(spelling))
    for table, frame in (
        (BARS, data.bars),
        (CONTEXT, data.context),
        (UNIVERSE, data.universe),
        (REGIME_SERIES, pd.DataFrame(regimes)),
        (FACTS, facts),
    ):
        tables.write(table, frame, tmp_path)
    features.main.__wrapped__(Stage(settings, tmp_path, tmp_path, None))
    note = "          data/market/facts.parquet: no feature reads the fields growth, pegratio.\n"
    assert capsys.readouterr().out == (note if misspelt else "")
