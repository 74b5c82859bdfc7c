"""The names of everything that `check` may find, for those who look for one or do not want to see it."""

from __future__ import annotations

#: Warnings: what works and is probably not meant. Each may be silenced.
SILENCEABLE: dict[str, str] = {
    # the design of menus
    "too-many-options": "a menu has more choices than callers keep in mind",
    "too-deep": "too many menus one after another",
    "no-way-out": "a menu from which no key leads back or to a person",
    "no-repeat": "a menu that cannot be heard again",
    "prompt-too-long": "too much is said before the first choice",
    "dead-digit": "a text tells callers to press a key that is not on the menu, or a key leads to the menu itself",
    "digit-collision": "one key is the beginning of another, so that callers wait",
    "missing-audio": "a text for which nothing can be heard, or a recording, a greeting or music that cannot be played",
    "missing-language": "a text is missing in a language that callers may hear",
    "unknown-variable": "a text or a request mentions a variable that nothing gives to calls, or a brace is left open",
    "unfit-value": "a value that cannot be said in the form in which a text says it",
    # the graph
    "unreachable": "no call ever comes to this place",
    "never-open": "hours that are never open",
    # numbers and phones
    "hidden-phone": "a route takes the calls to a phone",
    "code-hides-number": "a feature code takes the calls to a number",
    "no-country": "a number of the public network is taken from trunks in one form only",
    "weak-password": "a password that is easily guessed",
    "outside-busy": "a caller from outside can come to where they hear busy, or nothing",
    "toll-open": "strangers can make calls that you pay for",
    # queues
    "no-such-skill": "nobody has a skill that is asked for",
    "uncertain-variable": "skills are asked for by a variable of which only the answer of a web service can tell",
    "nobody-serves": "no agent can serve a queue, or callers of one language in it",
    "may-starve": "some callers may wait for ever, as others always come before them",
    "unused-weights": "weights that the strategy does not look at",
    "no-way-to-call-back": "callbacks are offered and no trunk leads out",
    # the rest
    "no-engine": "what speaks, or writes down messages, is not installed",
    "no-voice": "a language without a voice, or in which the engine speaks nothing when it is tried",
    "lookup-fails": "a file or a database in which a lookup finds nothing as it is",
    "unused-command": "a command that the engine does not use",
    "not-encrypted": "a secret way is not one",
    "odd": "something else that is probably not meant",
}

#: Errors: the switch does not start with them, so they cannot be silenced.
ERRORS: dict[str, str] = {
    "unreadable": "the file cannot be read",
    "syntax": "the file is not TOML",
    "same-key-twice": "a key or a table is written twice",
    "unknown-key": "a key that means nothing here, or not yet",
    "missing-key": "a key that is needed",
    "bad-value": "a value that is not possible here",
    "endless-say": "callers go round for ever, whatever they do",
    "endless-silence": "callers who press nothing go round for ever",
}
