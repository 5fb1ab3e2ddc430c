"""A second run in another place."""

import pytest

from .conftest import make_finished_clone

pytestmark = pytest.mark.smoke


def test_a_model_trained_again_elsewhere_in_workers_and_all_before_it_change_no_byte(clone):
    del clone.environment["BAROGRAPH_EXECUTOR"]
    lock = (clone.folder / "dvc.lock").read_bytes()
    assert clone.run("dvc", "repro", "--force", "train@lightgbm").count("Running stage") == 10
    assert (clone.folder / "dvc.lock").read_bytes() == lock


@pytest.mark.long
def test_nothing_in_an_output_depends_on_where_or_when_it_was_made(finished, tmp_path):
    other = make_finished_clone(tmp_path / "elsewhere")
    assert (other.folder / "dvc.lock").read_bytes() == (finished.folder / "dvc.lock").read_bytes()
