"""A text that waits is not sent after STOP (P9)."""

from webapp.care.contact import stop_words


def test_a_text_already_waiting_is_not_sent_after_a_stop_word(post, world):
    post.do(lambda store, cast: setattr(cast.maya, "preferences", {"channels": ["sms", "email"]}))
    [seat] = post.room(world.maya, hours=1)
    post.step(seat, "soon")
    post.announce()
    post.do(lambda store, cast: stop_words.stop(store, world.maya.phone, post.clock.now()))
    post.deliver()
    assert post.sms.tried == []
    assert post.ends() == [("sms", "cancelled: address"), ("email", "sent")]
