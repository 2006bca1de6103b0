"""M34: who speaks a language that is not offered gets whole English notices, with English days and times."""


def test_no_spanish_day_stands_among_english_words(post, world):
    def spanish(store, cast):
        cast.maya.language = "es"

    post.do(spanish)
    [seat] = post.room(world.maya, hours=24)
    post.step(seat, "heads_up")
    post.run()
    [letter] = [each.content for each in post.email.sent]
    said = f"{letter.subject} {letter.text}"
    assert "reminder" in said
    assert "PM" in said
    assert "p.m." not in said
    assert 'lang="en"' in letter.html
