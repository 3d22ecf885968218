import gc

from proxy.buffers import BufferPool


def address_of(view: memoryview) -> int:
    return id(view.obj)


def test_a_buffer_is_used_again_when_the_last_view_on_it_is_gone() -> None:
    pool = BufferPool(1000, 4)
    view = pool.take(1000)
    first = address_of(view)

    del view

    assert address_of(pool.take(10)) == first


def test_a_buffer_is_not_used_again_while_anybody_views_a_part_of_it() -> None:
    """A socket may still be sending a slice when the reader has long gone on."""
    pool = BufferPool(1000, 4)
    view = pool.take(1000)
    view[:] = b"a" * 1000
    kept = view[990:]
    del view
    gc.collect()

    others = [pool.take(1000) for _ in range(6)]
    for other in others:
        other[:] = b"b" * 1000

    assert kept == b"a" * 10


def test_views_taken_at_the_same_time_are_on_different_buffers() -> None:
    pool = BufferPool(1000, 2)

    views = [pool.take(1000) for _ in range(5)]

    assert len({address_of(view) for view in views}) == 5


def test_a_view_has_the_length_that_was_asked_for() -> None:
    pool = BufferPool(1000, 2)

    assert [len(pool.take(length)) for length in (0, 1, 999, 1000)] == [0, 1, 999, 1000]


def test_no_more_buffers_are_kept_than_allowed() -> None:
    pool = BufferPool(1000, 2)

    views = [pool.take(1000) for _ in range(5)]
    del views

    assert len({address_of(pool.take(1)) for _ in range(9)}) == 2
