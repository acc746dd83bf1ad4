"""Where a presenter is, by an address that anybody may have written."""

from __future__ import annotations

import pytest

from spexviz.ui import playlist, recorded
from spexviz.ui.playlist import Place, read

A, B = "0123456789abcdef", "fedcba9876543210"


def test_an_address_and_a_place_are_the_same() -> None:
    for place in (Place((A,)), Place((A, "prompt.never-fails"), 2, 7), Place((A, B), 2, 0)):
        assert read(place.words()) == place
    assert playlist.path([A, B], {"depth": "brief"}) == f"/present?runs={A},{B}&show=1&at=1&depth=brief"
    assert Place((A, B), 2).run == B and Place(()).run == ""


NONE = ("", "../../etc/passwd", A[:-1], A.upper(), "<img>", "prompt.nothing", "prompt.index", f"{A}\n")
NONE += ("nothing.never-fails", "prompt.never-fails.json", "prompt./never-fails", "prompt.never-fails\n")


@pytest.mark.parametrize("name", NONE)
def test_what_can_name_no_run_is_left_out(name: str) -> None:
    assert read({"runs": name}) == Place(())
    assert read({"runs": f"{A},{name},{B}", "show": "2"}) == Place((A, B), 2)


@pytest.mark.parametrize("text", ["-1", "0", "1e3", "٣", "", "99999", "2 ", "nan"])
def test_a_number_that_is_none_is_the_first(text: str) -> None:
    assert read({"runs": f"{A},{B}", "show": text, "at": text}) == Place((A, B))


def test_a_place_behind_the_last_run_is_that_of_the_last() -> None:
    assert read({"runs": f"{A},{B}", "show": "9", "at": "last"}) == Place((A, B), 2, 0)
    assert len(read({"runs": ",".join([A] * 5_000)}).runs) == playlist.MOST


def test_the_gallery_is_every_recorded_run() -> None:
    names = playlist.gallery()
    assert "prompt.never-fails" in names and "heads.copying" in names and "training.elevator" in names
    assert all(recorded.of_key(name) for name in names)
