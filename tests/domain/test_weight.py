from __future__ import annotations

import pytest

from domain.weight import parcel_weight, piece_weight


def test_a_piece_weighs_a_kilogram_where_nobody_has_said() -> None:
    assert (piece_weight("MUG", {"MUG": 350}), piece_weight("LAMP", {"MUG": 350})) == (350, 1000)


@pytest.mark.parametrize(
    ("pieces", "grams"),
    [
        ({"MUG": 2}, 700),
        ({"MUG": 2, "CARD": 1}, 705),
        ({"LAMP": 3}, 1000),  # nothing is known: the usual parcel
        ({"MUG": 1, "LAMP": 1}, 1000),
        ({"MUG": 9, "LAMP": 1}, 3150),  # at least what is known
        ({}, 1000),
    ],
)
def test_a_parcel_weighs_what_is_known_of_it(pieces: dict[str, int], grams: int) -> None:
    assert parcel_weight(pieces, {"MUG": 350, "CARD": 5}) == grams
