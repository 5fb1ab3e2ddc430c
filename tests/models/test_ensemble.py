"""The soft vote."""

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.models import SoftVote


def _predictions(p):
    frame = pd.DataFrame({"symbol": "A", "date": pd.to_datetime(["2010-01-04", "2010-01-05"]), "fold": 0})
    return frame.assign(p_sell=p, p_hold=0.0, p_buy=1 - np.array(p))


def test_models_that_are_not_named_weigh_one():
    voted = SoftVote(weights={"b": 3.0}).combine({"a": _predictions([1.0, 0.2]), "b": _predictions([0.0, 0.2])})
    assert voted["p_sell"].to_numpy() == pytest.approx([0.25, 0.2])
    assert (voted["predictor"] == "ensemble").all()


def test_different_rows_are_refused():
    other = _predictions([0.5, 0.5]).assign(symbol="B")
    with pytest.raises(InputError, match=r"data/predictions/b\.parquet: other rows"):
        SoftVote(weights={}).combine({"a": _predictions([0.5, 0.5]), "b": other})


def test_someone_must_have_weight():
    with pytest.raises(InputError, match="at least one needs weight"):
        SoftVote(weights={"a": 0.0}).combine({"a": _predictions([0.5, 0.5])})
