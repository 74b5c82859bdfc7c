"""Simulated phones register and talk with each other: real loopback sockets on virtual time."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtp.sdp import parse_sdp
from rtp.tones import sine
from softswitch.phones.call import CallEnd, CallState, PhoneCall, PhoneError
from softswitch.phones.phone import SimulatedPhone, answer_at_once
from softswitch.phones.ticker import Ticker
from tests.support.audio import Recording
from tests.support.tiny_registrar import DOMAIN, PASSWORD, TinyRegistrar
from tests.support.virtual_time import run_virtual

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rtp.codecs.g711 import Pcm
    from sip.flow import Address
    from softswitch.phones.phone import AnswerPolicy


def recorded(sound: Pcm) -> Recording:
    return Recording((sound / 32768).astype(np.float32))


async def say(call: PhoneCall, hertz: float, seconds: float = 1.0) -> None:
    await call.line.play(sine(hertz, seconds))


def heard_tone(call: PhoneCall, hertz: float) -> float:
    return recorded(call.line.heard.samples()).tone_seconds(hertz)


class Pair:
    """Two phones that call each other without a switch in between."""

    def __init__(self, alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        self.alice, self.bob = alice, bob

    async def talk(self) -> tuple[PhoneCall, PhoneCall]:
        call = self.alice.dial("bob")
        await call.answered()
        taken = self.bob.calls[-1]
        await taken.answered()
        return call, taken


def with_pair(script: Callable[[Pair], Awaitable[None]], policy: AnswerPolicy = answer_at_once, lines: int = 1) -> None:
    async def main() -> None:
        ticker = Ticker()
        async with AsyncExitStack() as stack:
            bob = SimulatedPhone(
                "bob", server=("127.0.0.1", 9), domain=DOMAIN, ticker=ticker, policy=policy, lines=lines
            )
            await stack.enter_async_context(bob)
            alice = SimulatedPhone("alice", server=bob.address, domain=DOMAIN, ticker=ticker, name="Alice A.")
            await stack.enter_async_context(alice)
            await script(Pair(alice, bob))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main())
    gc.collect()  # an open socket or a forgotten exception warns now, and warnings are errors


def phone_at(server: Address, **options: str) -> SimulatedPhone:
    settings = {"password": PASSWORD} | options
    return SimulatedPhone("alice", server=server, domain=DOMAIN, ticker=Ticker(), **settings)  # type: ignore[arg-type]


# --- registering


def test_a_phone_registers_and_unregisters_with_its_password() -> None:
    async def main() -> None:
        async with TinyRegistrar() as registrar, phone_at(registrar.address) as phone:
            assert await phone.register(600) == 600
            assert registrar.contacts("alice") == [f"sip:alice@127.0.0.1:{phone.address[1]}"]
            await phone.unregister()
            assert not phone.registered
            assert registrar.contacts("alice") == []
            assert registrar.seen == [("REGISTER", status) for status in (401, 200, 401, 200)]

    run_virtual(main())


def test_a_registration_is_kept_alive_until_the_phone_is_switched_off() -> None:
    async def main() -> None:
        async with TinyRegistrar() as registrar:
            async with phone_at(registrar.address) as phone:
                await phone.register(100)
                await asyncio.sleep(1000)
                assert registrar.contacts("alice")
                assert registrar.seen.count(("REGISTER", 200)) == 13
            assert registrar.contacts("alice") == []

    run_virtual(main())


def test_a_phone_that_asks_for_too_little_takes_what_the_registrar_wants() -> None:
    async def main() -> None:
        async with TinyRegistrar(min_expires=120) as registrar, phone_at(registrar.address) as phone:
            assert await phone.register(30) == 120

    run_virtual(main())


def test_a_wrong_password_is_an_error() -> None:
    async def main() -> None:
        async with TinyRegistrar() as registrar, phone_at(registrar.address, password="guess") as phone:
            with pytest.raises(PhoneError, match="401"):
                await phone.register()
            assert not phone.registered

    run_virtual(main())


def test_a_registrar_that_is_not_there_is_an_error() -> None:
    async def main() -> None:
        async with TinyRegistrar() as registrar:
            nobody = registrar.address
        async with phone_at(nobody) as phone:
            with pytest.raises(PhoneError, match=r"no response|not reachable"):
                await phone.register()

    run_virtual(main())


def test_a_registrar_that_goes_away_is_told_when_the_phone_is_switched_off() -> None:
    async def main() -> None:
        registrar = TinyRegistrar()
        async with registrar:
            phone = phone_at(registrar.address)
            await phone.start()
            await phone.register(100)
        await asyncio.sleep(200)
        assert not phone.registered
        with pytest.raises(PhoneError, match=r"no response|not reachable"):
            await phone.close()

    run_virtual(main())


def test_options_are_asked_and_answered() -> None:
    async def script(pair: Pair) -> None:
        assert (await pair.alice.options("bob")).status == 200

    with_pair(script)


# --- calling


def test_both_hear_each_other_and_the_recording_has_the_true_timeline() -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        assert taken.remote_name == "Alice A."
        await say(call, 440)
        await asyncio.sleep(0.5)
        await asyncio.gather(say(taken, 1000, 2.0), say(call, 600, 0.5))
        call.hang_up()
        assert await call.ended() == CallEnd(True, "local")
        assert await taken.ended() == CallEnd(False, "remote")
        assert heard_tone(call, 1000) == pytest.approx(2.0, abs=0.1)
        assert heard_tone(call, 440) == 0
        heard = recorded(taken.line.heard.samples())
        [first], [second] = heard.tone_spans(440), heard.tone_spans(600)
        assert first.length == pytest.approx(1.0, abs=0.1)
        assert second.start - first.end == pytest.approx(0.5, abs=0.1)

    with_pair(script)


def test_the_caller_sees_it_ring_before_it_is_answered() -> None:
    async def policy(call: PhoneCall) -> None:
        await asyncio.sleep(4)
        call.answer()

    async def script(pair: Pair) -> None:
        call = pair.alice.dial("bob")
        await call.ringing()
        assert call.state is CallState.RINGING
        await call.answered()
        assert call.answered_at is not None
        assert call.answered_at - call.began == pytest.approx(4, abs=0.1)

    with_pair(script, policy)


def test_a_phone_that_declines_ends_the_call_with_its_status() -> None:
    async def policy(call: PhoneCall) -> None:
        call.decline(603)

    async def script(pair: Pair) -> None:
        call = pair.alice.dial("bob")
        with pytest.raises(PhoneError, match="ended"):
            await call.answered()
        assert (await call.ended()).status == 603
        assert (await pair.bob.calls[0].ended()).by_us

    with_pair(script, policy)


async def leave_it_ringing(call: PhoneCall) -> None:
    await call.ended()


def test_a_caller_who_gives_up_stops_the_ringing() -> None:
    async def script(pair: Pair) -> None:
        call = pair.alice.dial("bob")
        await call.ringing()
        call.hang_up()
        assert (await call.ended()).by_us
        assert await pair.bob.calls[0].ended() == CallEnd(False, "the caller gave up", 487)

    with_pair(script, leave_it_ringing)


def test_nobody_waits_for_an_answer_for_ever() -> None:
    async def script(pair: Pair) -> None:
        call = pair.alice.dial("bob")
        with pytest.raises(PhoneError, match="was not answered within 20 s"):
            await call.answered(within=20)

    with_pair(script, leave_it_ringing)


@pytest.mark.parametrize(("lines", "status"), [(1, 486), (2, 0)])
def test_a_phone_in_a_call_is_busy_unless_it_has_another_line(lines: int, status: int) -> None:
    async def script(pair: Pair) -> None:
        await pair.talk()
        second = pair.alice.dial("bob")
        if status:
            assert (await second.ended()).status == status
        else:
            await second.answered()

    with_pair(script, lines=lines)


def test_a_call_to_nobody_fails() -> None:
    async def main() -> None:
        async with TinyRegistrar() as registrar:
            nobody = registrar.address
        async with phone_at(nobody) as phone:
            call = phone.dial("bob")
            assert (await call.ended()).status in (408, 503)

    run_virtual(main())


# --- keys, hold


@pytest.mark.parametrize("carriage", ["rfc4733", "info"])
def test_keys_arrive_once_each_and_in_order(carriage: str) -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        await call.press("1590*#77", carriage)  # type: ignore[arg-type]
        await asyncio.sleep(0.1)
        assert taken.digits == "1590*#77"
        assert call.digits == ""

    with_pair(script)


def test_keys_can_be_pressed_as_tones() -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        await call.press("159#", "inband")
        await asyncio.sleep(0.2)
        assert recorded(taken.line.heard.samples()).digits() == "159#"

    with_pair(script)


def test_sound_goes_on_where_it_was_after_a_key() -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        playing = asyncio.create_task(say(call, 440, 1.0))
        await asyncio.sleep(0.3)
        await call.press("5")
        await playing
        await asyncio.sleep(0.1)
        assert taken.digits == "5"
        assert heard_tone(taken, 440) == pytest.approx(1.0, abs=0.15)

    with_pair(script)


@pytest.mark.parametrize("digits", ["x", "1x", "12 "])
def test_what_is_no_key_cannot_be_pressed(digits: str) -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        with pytest.raises(ValueError, match="not a key"):
            await call.press(digits)
        await asyncio.sleep(0.5)
        assert taken.digits == ""

    with_pair(script)


def test_keys_need_a_call() -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        taken.hang_up()
        await call.ended()
        with pytest.raises(PhoneError, match="no call"):
            await call.press("1")

    with_pair(script)


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_who_is_on_hold_is_not_listened_to_until_resumed(who: str) -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        holder, held = (call, taken) if who == "caller" else (taken, call)
        await holder.hold()
        assert held.line.settings is not None
        assert held.line.settings.on_hold
        sent = held.line.sent
        await say(held, 440)
        await asyncio.sleep(0.2)
        assert heard_tone(holder, 440) == 0
        assert held.line.sent == sent
        await say(holder, 700)
        await holder.resume()
        await say(held, 600)
        await asyncio.sleep(0.2)
        assert heard_tone(holder, 600) == pytest.approx(1.0, abs=0.1)
        assert heard_tone(held, 700) == pytest.approx(1.0, abs=0.1)

    with_pair(script)


def test_each_change_of_the_session_is_a_new_version_of_its_description() -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        mine, theirs = [parse_sdp(call.description)], [parse_sdp(taken.description)]
        for change in (call.hold, call.resume):
            await change()
            mine.append(parse_sdp(call.description))
            theirs.append(parse_sdp(taken.description))
        for descriptions in (mine, theirs):
            origins = [description.origin.split() for description in descriptions]
            assert [int(origin[2]) for origin in origins] == [1, 2, 3]
            assert len({origin[1] for origin in origins}) == 1

    with_pair(script)


def test_a_call_that_is_over_cannot_be_held() -> None:
    async def script(pair: Pair) -> None:
        call, _ = await pair.talk()
        call.hang_up()
        with pytest.raises(PhoneError, match="no call"):
            await call.hold()

    with_pair(script)


# --- ending


def test_what_is_being_said_when_the_call_ends_is_cut() -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        saying = asyncio.create_task(call.line.play(sine(440, 30)))
        pressing = asyncio.create_task(taken.line.press("1" * 100))
        await asyncio.sleep(1)
        taken.hang_up()
        assert await saying is False
        assert await pressing is False

    with_pair(script)


def test_a_new_sound_takes_the_place_of_the_old() -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        first = asyncio.create_task(call.line.play(sine(440, 30)))
        await asyncio.sleep(1)
        assert await call.line.play(sine(600, 1.0)) is True
        assert await first is False
        await asyncio.sleep(0.1)
        assert heard_tone(taken, 440) == pytest.approx(1.0, abs=0.1)
        assert heard_tone(taken, 600) == pytest.approx(1.0, abs=0.1)

    with_pair(script)


def test_a_phone_that_is_switched_off_hangs_up() -> None:
    async def script(pair: Pair) -> None:
        call, _ = await pair.talk()
        await pair.bob.close()
        assert await call.ended() == CallEnd(False, "remote")

    with_pair(script)


def test_a_policy_that_fails_is_not_forgotten() -> None:
    async def policy(call: PhoneCall) -> None:
        raise RuntimeError("the cat pulled the plug")

    async def script(pair: Pair) -> None:
        call = pair.alice.dial("bob")
        await call.ringing()

    with pytest.raises(PhoneError, match="pulled the plug"):
        with_pair(script, policy)


def test_a_long_call_loses_nothing() -> None:
    async def script(pair: Pair) -> None:
        call, taken = await pair.talk()
        await asyncio.sleep(10)
        assert call.line.sent == pytest.approx(500, abs=2)
        assert len(taken.line.heard) == pytest.approx(500, abs=2)

    with_pair(script)
