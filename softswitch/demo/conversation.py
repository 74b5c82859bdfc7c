"""Agent and caller talk: each hears what the other says, or the demonstration has failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from softswitch.demo.ear import Ear
from softswitch.demo.timeline import quoted

if TYPE_CHECKING:
    from softswitch.demo.script import Agent, Caller, Turn
    from softswitch.demo.stage import Stage
    from softswitch.phones.call import PhoneCall

_BREATH: Final = 0.4  # seconds between two who speak
_HOLD: Final = 4.0
_DELAY: Final = 2.0  # within which a sentence must have arrived, the way there and recognising it together


async def converse(stage: Stage, agent: Agent, at_desk: PhoneCall, caller: Caller, at_caller: PhoneCall) -> None:
    """The whole conversation, with the hanging up. Raises PhoneError when a call does not do what it is asked for."""
    names = {"agent": agent.name, "caller": caller.label}
    understood: set[str] = set()
    for turn in caller.talk:
        await asyncio.sleep(_BREATH)
        if turn.who == "agent":
            heard = await _say(stage, turn, agent, at_desk, at_caller, caller.language, agent.name)
        else:
            heard = await _say(stage, turn, caller, at_caller, at_desk, caller.language, caller.label)
        if heard is None:
            listener = caller.name if turn.who == "agent" else agent.name
            stage.failures.append(f"{listener} did not hear “{turn.text}” from {names[turn.who]}")
        elif turn.who not in understood:
            understood.add(turn.who)
            if len(understood) == 2:
                stage.timeline.say(agent.name, f"and {caller.name} hear each other")
        if turn.then == "hold":
            await _hold(stage, agent, at_desk, caller, at_caller)
    await asyncio.sleep(_BREATH)
    who, call = (agent.name, at_desk) if caller.ends == "agent" else (caller.label, at_caller)
    stage.timeline.say(who, "hangs up")
    call.hang_up()


async def _say(
    stage: Stage,
    turn: Turn,
    speaker: Agent | Caller,
    mouth: PhoneCall,
    ear: PhoneCall,
    language: str,
    label: str,
) -> float | None:
    """Say it; when the other began to hear it."""
    clip = stage.voices.of(speaker, language, turn.text)
    stage.timeline.say(label, "says: ", quoted(turn.text, turn.meaning))
    began = asyncio.get_running_loop().time()
    await mouth.line.play(clip.sound)
    return await Ear(ear).hears(clip, since=began, within=_DELAY)


async def _hold(stage: Stage, agent: Agent, at_desk: PhoneCall, caller: Caller, at_caller: PhoneCall) -> None:
    await at_desk.hold()
    stage.timeline.say(agent.name, f"puts {caller.name} on hold")
    if await Ear(at_caller).hears_music(stage.voices.music, within=_HOLD):
        stage.timeline.say(caller.label, "hears music again")
    else:
        stage.failures.append(f"{caller.name} heard no music on hold")
    await asyncio.sleep(_HOLD / 2)
    await at_desk.resume()
    stage.timeline.say(agent.name, "is back")
