"""A second run of everything in another place."""

import pytest

from .conftest import make_finished_clone

pytestmark = pytest.mark.smoke


def test_nothing_in_an_output_depends_on_where_or_when_it_was_made(request, tmp_path):
    other = make_finished_clone(tmp_path / "elsewhere")
    # Asked for last, so that another worker makes it at the same time.
    finished = request.getfixturevalue("finished")
    assert (other.folder / "dvc.lock").read_bytes() == (finished.folder / "dvc.lock").read_bytes()
