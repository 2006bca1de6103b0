"""Names folded for search, and abbreviated."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp import names


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Łucja Wałęsa", "lucja walesa"),
        ("Bjørn Weiß", "BJORN WEISS"),
        ("Peña", "pen\u0303a"),
        ("O’Brien", "obrien"),
        ("Oʻbrien", "O'Brien"),
        ("Anne-Marie\u00a0Curie", "anne marie  curie"),
        ("İpek Işık", "ipek isik"),
        ("ΩΜΈΓΑΣ", "ωμεγας"),
        ("Zo\u200de", "zoe"),
        ("Æsa Þór", "aesa thor"),
    ],
)
def test_a_name_is_the_same_however_it_is_typed(name, typed):
    assert names.folded(name) == names.folded(typed) != ""


@given(st.text(max_size=30))
def test_folding_is_steady_and_the_same_for_composed_and_decomposed_letters(name):
    once = names.folded(name)
    assert names.folded(once) == once
    assert names.folded(unicodedata.normalize("NFD", name)) == once
    assert "%" not in once
    assert "_" not in once


def test_the_same_words_in_another_order_are_the_same_name_and_others_are_not():
    assert names.same("Tom O'Brien", "o brien tom")
    assert not names.same("Tom Ort", "tom tom")
    assert not names.same("Tom Ort", "tom")
    assert not names.same("Amy Torres", "May Torres")


@pytest.mark.parametrize(
    ("name", "short"),
    [("Maya Torres", "Maya T."), ("Cher", "Cher"), ("Ana María de la Cruz", "Ana C."),
     ("José A\u0301vila", "José Á."), ("Mia Lee (they)", "Mia L."), (" ", " ")],
)  # fmt: skip
def test_a_short_name_is_the_first_name_and_an_initial(name, short):
    assert names.short(name) == short
