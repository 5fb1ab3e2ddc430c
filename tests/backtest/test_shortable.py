"""The file of names that can be sold short."""

import pytest

from barograph.backtest import read_shortable
from barograph.errors import InputError


def _file(tmp_path, text):
    path = tmp_path / "shortable.csv"
    path.write_text(text)
    return path


def test_a_file_without_rows_names_nothing(tmp_path):
    assert read_shortable(_file(tmp_path, "symbol,borrow_rate\n")) is None


def test_symbols_are_text_and_rates_are_numbers(tmp_path):
    table = read_shortable(_file(tmp_path, "symbol,borrow_rate\nNA,0\n700,12.5\n"))
    assert table.to_dict("list") == {"symbol": ["NA", "700"], "borrow_rate": [0.0, 12.5]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"shortable\.csv: is not a table: No columns"),
        ("symbol\nA\n", r"shortable\.csv: the columns are \['symbol'\]; \['symbol', 'borrow_rate'\] are required"),
        ("symbol,borrow_rate\nA,1\nA,2\n", r"shortable\.csv: A occurs more than once"),
        ("symbol,borrow_rate\nA,1\nB,-2\n", r"shortable\.csv: the borrow_rate of B is '-2'; percent .* from 0"),
        ("symbol,borrow_rate\nA,\n", r"shortable\.csv: the borrow_rate of A is ''; percent .* from 0"),
        ("symbol,borrow_rate\nA,inf\n", r"shortable\.csv: the borrow_rate of A is 'inf'"),
        ("symbol,borrow_rate\nA,1,2\nB,1\nC,1,2,3\n", r"shortable\.csv: "),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as refused:
        read_shortable(_file(tmp_path, text))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv: no such file of names that can be sold short"):
        read_shortable(tmp_path / "nowhere.csv")
