"""The description of the model in production."""

import datetime
import json

import pytest

from barograph.champion import Champion, read_champion
from barograph.errors import InputError

VALUES = {
    "predictor": "svm",
    "version": "v1.2.0",
    "since": "2024-03-01",
    "files": {"models/svm": "0c1d"},
    "validation": {"accuracy": 0.5, "rows": 10, "auc": None},
    "backtest": {},
}


def test_a_champion_is_read_from_json() -> None:
    champion = read_champion(json.dumps(VALUES), "somewhere")
    assert champion == Champion(**VALUES | {"since": datetime.date(2024, 3, 1)})
    assert champion.name == "svm of v1.2.0"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "as a whole"),
        ('{"predictor": "svm", ', "as a whole"),
        ("[]", "as a whole"),
        (json.dumps({key: value for key, value in VALUES.items() if key != "backtest"}), "backtest"),
        (json.dumps(VALUES | {"predictor": ""}), "predictor"),
        (json.dumps(VALUES | {"since": "soon"}), "since"),
        (json.dumps(VALUES | {"validation": {"accuracy": "0.5"}}), "validation.accuracy"),
        (json.dumps(VALUES | {"validation": {"accuracy": float("nan")}}), "validation.accuracy"),
        (json.dumps(VALUES | {"more": 1}), "more"),
    ],
)
def test_refuses_a_malformed_champion_in_one_line(text: str, place: str) -> None:
    with pytest.raises(InputError) as error:
        read_champion(text, "models/champion/metrics.json")
    assert str(error.value).startswith(f"models/champion/metrics.json: {place}")
    assert "\n" not in str(error.value)
