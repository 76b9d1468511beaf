"""What is kept of bodies, over all connections."""

from hypothesis import given
from hypothesis import strategies as st

from lockgate.proxy.held import HeldBytes

KEPT = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.integers(0, 100)))


@given(KEPT)
def test_the_sum_is_of_what_each_request_keeps_last(kept):
    held = HeldBytes()
    for client, request, size in kept:
        held.keep(client, request, size)
    assert held.sum == sum({(client, request): size for client, request, size in kept}.values())


@given(KEPT, st.sampled_from("abc"))
def test_a_connection_that_is_gone_keeps_nothing(kept, gone):
    held = HeldBytes()
    for client, request, size in kept:
        held.keep(client, request, size)
    held.forget(gone)
    assert held.sum == sum({(client, request): size for client, request, size in kept if client != gone}.values())
    held.keep(gone, 1, 0)
    assert held.sum == sum({(client, request): size for client, request, size in kept if client != gone}.values())


def test_there_is_room_up_to_what_is_allowed():
    held = HeldBytes()
    held.allow(10)
    held.keep("a", 1, 7)
    assert held.has_room_for(3)
    assert not held.has_room_for(4)
