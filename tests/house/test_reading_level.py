"""About grade 6 (M34): everything a client reads together, and each place that says more than a few sentences."""

from tests.house.reading_level import by_place, read, sentences

HIGHEST = 6.0
FEW = 12


def test_clients_read_at_grade_six_or_below() -> None:
    rooms = {room: read(said) for room, said in by_place().items() if len(said) > FEW}
    assert sum(each.sentences for each in rooms.values()) > 500
    hard = {room: round(each.grade, 1) for room, each in rooms.items() if each.grade > HIGHEST}
    assert not hard, f"say it in shorter words; `make words` names the hardest sentences: {hard}"


def test_the_measure_hears_the_difference() -> None:
    plain = sentences(["Your place is kept. We will call you in a little while."])
    stiff = sentences(
        ["Participation expectations necessitate immediate administrative notification."]
    )
    assert read(plain).grade < 4 < HIGHEST < 15 < read(stiff).grade
