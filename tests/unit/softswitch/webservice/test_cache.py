from __future__ import annotations

from softswitch.webservice.cache import Cache


def test_whoever_was_asked_last_stays() -> None:
    cache: Cache[int] = Cache(most=2)
    cache.keep("a", 1)
    cache.keep("b", 2)
    assert cache.find("a") == 1
    cache.keep("c", 3)
    assert [cache.find(question) for question in "abc"] == [1, None, 3]


def test_there_is_room_for_so_many_octets() -> None:
    cache: Cache[int] = Cache(most_octets=10_000)
    for number in range(20):
        cache.keep(number, number, "Ж" * 1000)
        assert cache.octets <= 10_000
    assert len(cache) == 4
    cache.keep("big", 1, b"x" * 20_000)
    assert (len(cache), cache.octets) == (0, 0)


def test_what_is_kept_again_or_forgotten_takes_no_room() -> None:
    cache: Cache[int] = Cache()
    for _ in range(3):
        cache.keep("a", 1, "text")
    once = cache.octets
    cache.keep("b", 1, "text")
    assert cache.octets == 2 * once
    cache.forget("a")
    cache.forget("a")
    cache.forget("b")
    assert cache.octets == 0
