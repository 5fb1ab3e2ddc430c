"""A user's file whose features go wrong: one line that names the feature, the file, the line and what was found."""

import functools
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.features import compute, feature, stream
from barograph.features.audit import audit
from barograph.features.own import register_file
from barograph.market import MarketData

from .markets import Market

pytestmark = pytest.mark.usefixtures("open_catalogue")

Refusal = Callable[..., str]

HEAD = "import sys\nimport numpy as np\nfrom barograph.features import feature\n"
SINGLE = "@feature('own_1', family='own', inputs=('close',), lookback=0, scope={scope!r})\ndef own(close):\n    "


def register_and_compute(market: Market, names: list[str]) -> None:
    register_file("mine.py")
    compute(*market[:3], names=names)


@pytest.fixture
def refusal(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refusal:
    """Give the message that a file ends in, whose path is relative as it is in the configuration."""
    monkeypatch.chdir(tmp_path)

    def message(text: str, *names: str) -> str:
        Path("mine.py").write_text(HEAD + text)
        with pytest.raises(InputError) as caught:
            register_and_compute(market, list(names or ["own_1"]))
        said = str(caught.value)
        assert "\n" not in said
        assert "mine.py" in said
        return said

    return message


@pytest.mark.parametrize("scope", ["symbol", "panel"])
def test_an_exception_is_said_with_its_line(refusal: Refusal, scope: str) -> None:
    said = refusal(
        SINGLE.format(scope=scope) + "if close.size:\n        raise KeyError('no\\nsuch')\n    return close\n"
    )
    assert re.search(r"'own_1' \(.*mine.py, line 7\): KeyError: ", said)
    said = refusal(SINGLE.format(scope=scope) + "return np.linalg.inv(close[:0] + 'a')\n")
    assert re.search(r"'own_1' \(.*mine.py, line 6\): ", said)


@pytest.mark.parametrize(
    ("scope", "returned", "found"),
    [
        ("symbol", "close[1:]", r"ndarray, float64 of shape \(599,\); allowed .* shape \(600,\)"),
        ("symbol", "close[-1]", r"float64, float64 of shape \(\); allowed .* shape \(600,\)"),
        ("symbol", "(close, close)", r"tuple, float64 of shape \(2, 600\); allowed"),
        ("symbol", "None", "NoneType, object of shape"),
        ("symbol", "close.astype(str)", "ndarray, <U"),
        ("symbol", "close.astype('datetime64[D]')", r"ndarray, datetime64\[D\] of"),
        ("symbol", "close + 1j", "ndarray, complex128 of"),
        ("panel", "close[:-1]", r"ndarray, float64 of shape \(599, 5\); allowed .* shape \(600, 5\) or \(600,\)"),
        ("panel", "close.T", r"ndarray, float64 of shape \(5, 600\)"),
    ],
)
def test_a_wrong_output_is_said_with_what_is_allowed(refusal: Refusal, scope: str, returned: str, found: str) -> None:
    said = refusal(SINGLE.format(scope=scope) + f"return {returned}\n")
    assert re.search(rf"'own_1' \(.*mine.py, line 4\): returned {found}", said)


@pytest.mark.parametrize("returned", ["close", "(close,)", "(close, close, close)", "np.ones((3, close.size))"])
@pytest.mark.parametrize("names", [["own_a"], ["own_b"], ["own_a", "own_b"]])
def test_another_number_of_outputs_than_names_is_refused(refusal: Refusal, returned: str, names: list[str]) -> None:
    said = refusal(
        "@feature(('own_a', 'own_b'), family='own', inputs=('close',), lookback=0)\n"
        f"def own(close):\n    return {returned}\n",
        *names,
    )
    assert "returned tuple of " in said or "returned ndarray; allowed" in said
    assert "allowed is a tuple of 2" in said
    assert all(f"'{name}'" in said for name in names)


def test_a_function_that_has_no_lines_is_named_by_its_module(market: Market) -> None:
    feature("own_partial", family="own", inputs=("close",), lookback=0)(functools.partial(np.delete, obj=0))
    with pytest.raises(InputError, match=r"'own_partial' \(functools\): returned ndarray, float64 of shape \(599,\)"):
        compute(market.bars, names=["own_partial"])


def test_whole_numbers_truth_values_and_lists_are_numbers_too(market: Market) -> None:
    @feature("own_list", family="own", inputs=("close",), lookback=0)
    def own_list(close: np.ndarray) -> list[int]:
        return [1] * close.size

    @feature("own_truth", family="own", inputs=("close",), lookback=0)
    def own_truth(close: np.ndarray) -> np.ndarray:
        return close > 0.0

    assert (compute(market.bars, names=["own_list", "own_truth"]).iloc[:, 2:] == 1.0).all(axis=None)


@pytest.mark.parametrize(("text", "said"), [("sys.exit()", "SystemExit"), ("sys.exit('no')", "SystemExit: no")])
def test_a_file_that_wants_to_end_the_program_is_refused(refusal: Refusal, text: str, said: str) -> None:
    assert refusal(text + "\n") == f"mine.py, line 4: {said}"
    assert f"mine.py, line 6): {said}" in refusal(SINGLE.format(scope="symbol") + text + "\n    return close\n")


def test_nothing_is_yielded_from_a_block_whose_feature_fails(market: Market, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + SINGLE.format(scope="symbol") + "return close[:-1]\n")
    register_file(str(path))
    with pytest.raises(InputError, match="'own_1'"):
        next(stream(MarketData(market.bars), names=["ret_5", "own_1"]))


def test_the_audit_names_the_columns_that_two_runs_disagree_on(market: Market) -> None:
    random = np.random.default_rng(0)

    def function(bars: pd.DataFrame) -> pd.DataFrame:
        return bars[["symbol", "date", "close"]].assign(noise=random.normal(size=len(bars)), other=1.0)

    with pytest.raises(InputError, match=r"two runs on the same data differ in \['noise'\]; .* deterministic"):
        audit(function, {"bars": market.bars}, release_lag={})
