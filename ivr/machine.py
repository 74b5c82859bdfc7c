"""The state machine of one caller's way through a flow, as a table.

Three sorts of input: what happens outside (events), timers, and decisions. A session rests only in the states in which
something outside is awaited; in the others it has just done something, and what comes next follows from its data: a
decision, which `ivr.session` reads off the node, the digits kept and the retries left.
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import product


class State(Enum):
    NEW = auto()  # the call is not there yet
    ROUTING = auto()  # at a node just reached
    TURN = auto()  # at a menu or say node: what to do next
    SPEAKING = auto()  # prompts play; a digit stops them
    INSISTING = auto()  # prompts play to their end; digits are kept
    LISTENING = auto()  # the menu has been said; no digit yet
    MATCHING = auto()  # a digit was added to the key being pressed
    COLLECTING = auto()  # the digits so far may be a key, or the beginning of one
    REFUSED = auto()  # nothing, or nothing useful, was pressed
    EXPECTING = auto()  # the menu has come to a control point about which somebody is asked
    ASKING = auto()  # somebody outside is asked; digits are kept
    AWAY = auto()  # a queue, a phone or somebody else has the caller
    CONNECTED = auto()  # echo, music or silence until the caller hangs up
    ENDED = auto()


class Input(Enum):
    # events
    STARTED = auto()
    DIGIT = auto()
    PROMPTS_TIMED = auto()  # how long what is being said takes
    PROMPTS_FINISHED = auto()
    RETURNED = auto()
    ANSWERED = auto()
    PULLED = auto()  # what this caller is to hear at a control point
    MOVED = auto()  # a transfer
    REQUEUED = auto()  # into another queue, by an operator
    HUNG_UP = auto()
    # timers
    FIRST_DIGIT = auto()
    INTER_DIGIT = auto()
    PROMPT_LIMIT = auto()
    FILLER = auto()  # the answer takes a while
    ASK_LIMIT = auto()
    EXPECT_LIMIT = auto()
    # decisions: which node is this?
    AT_VERSIONS = auto()  # there are several, and it is not known which one this caller has
    AT_MENU = auto()
    AT_SAY = auto()
    AT_HOURS = auto()
    AT_GOTO = auto()
    AT_QUEUE = auto()
    AT_PHONE = auto()
    AT_EXTERNAL = auto()
    AT_INQUIRY = auto()
    AT_HAND_OFF = auto()
    AT_SERVICE = auto()
    AT_HANGUP = auto()
    NO_TRY_LEFT = auto()  # an entry that this caller has made often enough
    NO_SUCH_NODE = auto()
    NOT_THERE = auto()  # the same, but somewhere else the caller hears of it
    IN_CIRCLES = auto()  # too many nodes at once, without a digit from the caller
    TOO_MANY_STEPS = auto()  # the same, and nothing that could be said about it
    # decisions: what is left of this turn?
    EXPECT = auto()  # what is said next is not known yet
    SETTLE = auto()  # it is now
    SPEAK = auto()
    INSIST = auto()
    HEAR = auto()  # a digit is waiting
    LISTEN = auto()
    MOVE_ON = auto()  # a say node has been said
    # decisions: what do the digits mean?
    CHOSEN = auto()
    CHOSEN_REPEAT = auto()
    MORE_KEPT = auto()  # not decided, and the next digit is already here
    MORE_NEEDED = auto()  # not decided, wait for a digit
    NO_SUCH_KEY = auto()
    ENTERED = auto()
    TO_CONFIRM = auto()  # the entry may be right, and the caller is to say so
    ENTER_AGAIN = auto()
    # decisions: once more, or give up?
    AGAIN = auto()
    GIVE_UP = auto()


class Action(Enum):
    BEGIN = auto()  # set language and target of the call
    CHOOSE_VERSION = auto()
    ENTER = auto()  # note the node; forget digits if it has no type-ahead
    FIRST_SCRIPT = auto()  # the node's own prompts, retries anew
    REPEAT_SCRIPT = auto()  # the node's own prompts once more
    RETRY_SCRIPT = auto()  # what went wrong, then the node's prompts
    PLAY = auto()
    STOP = auto()  # silence at once
    EXTEND_LIMIT = auto()  # they are long
    NOTE_HEARD = auto()
    KEEP_DIGIT = auto()
    NOTE_DIGIT = auto()
    TAKE_DIGIT = auto()  # from those kept into the key being pressed
    CLOSE_KEY = auto()  # no further digit belongs to it
    START_FIRST_DIGIT = auto()
    START_INTER_DIGIT = auto()
    STOP_TIMERS = auto()
    REFUSE_SILENCE = auto()
    REFUSE_KEY = auto()
    FOLLOW_KEY = auto()
    READ_BACK = auto()
    ENTER_AGAIN = auto()
    KEEP_ENTRY = auto()
    FOLLOW_HOURS = auto()
    FOLLOW_THEN = auto()
    FOLLOW_REFUSAL = auto()
    FOLLOW_NO_TRY = auto()
    FOLLOW_RESULT = auto()
    FOLLOW_MOVE = auto()
    CHANGE_QUEUE = auto()  # the place is in another one, wherever the caller is now
    FOLLOW_ANSWER = auto()
    FOLLOW_NO_ANSWER = auto()
    KEEP_PULLED = auto()
    START_EXPECTING = auto()
    SETTLE_SLOT = auto()
    ASK = auto()
    STOP_ASKING = auto()
    PLAY_FILLER = auto()
    PLAY_MUSIC = auto()
    STOP_FILLER = auto()
    KEEP_VALUES = auto()
    HAND_OVER = auto()
    DROP_KEPT = auto()
    ENTER_QUEUE = auto()
    CALL_PHONE = auto()
    CALL_NUMBER = auto()
    CONNECT = auto()
    FOLLOW_NOT_THERE = auto()
    FOLLOW_CIRCLE = auto()
    BLAME_TARGET = auto()  # the flow has no such node
    BLAME_STEPS = auto()  # the flow runs in a circle
    HANG_UP = auto()
    LEAVE_HUNG_UP = auto()


S, I, A = State, Input, Action  # noqa: E741

EVENTS = frozenset(
    {
        *(I.STARTED, I.DIGIT, I.PROMPTS_TIMED, I.PROMPTS_FINISHED, I.RETURNED, I.ANSWERED, I.PULLED),
        *(I.MOVED, I.REQUEUED, I.HUNG_UP),
    }
)
TIMERS = frozenset({I.FIRST_DIGIT, I.INTER_DIGIT, I.PROMPT_LIMIT, I.FILLER, I.ASK_LIMIT, I.EXPECT_LIMIT})
DECISIONS = frozenset(Input) - EVENTS - TIMERS

#: What can be decided in each of the states in which a session never rests.
DECIDED: dict[State, frozenset[Input]] = {
    S.ROUTING: frozenset(
        {
            *(I.AT_MENU, I.AT_SAY, I.AT_HOURS, I.AT_GOTO, I.AT_QUEUE, I.AT_PHONE, I.AT_EXTERNAL, I.AT_SERVICE),
            *(I.AT_INQUIRY, I.AT_HAND_OFF, I.AT_HANGUP, I.AT_VERSIONS, I.NO_TRY_LEFT),
            *(I.NO_SUCH_NODE, I.NOT_THERE, I.IN_CIRCLES, I.TOO_MANY_STEPS),
        }
    ),
    S.TURN: frozenset({I.EXPECT, I.SETTLE, I.SPEAK, I.INSIST, I.HEAR, I.LISTEN, I.MOVE_ON}),
    S.MATCHING: frozenset(
        {
            *(I.CHOSEN, I.CHOSEN_REPEAT, I.MORE_KEPT, I.MORE_NEEDED, I.NO_SUCH_KEY),
            *(I.ENTERED, I.TO_CONFIRM, I.ENTER_AGAIN),
        }
    ),
    S.REFUSED: frozenset({I.AGAIN, I.GIVE_UP}),
}

#: Timers that can be running in each state; the others cannot fire there.
RUNNING: dict[State, frozenset[Input]] = {
    S.SPEAKING: frozenset({I.PROMPT_LIMIT}),
    S.INSISTING: frozenset({I.PROMPT_LIMIT}),
    S.LISTENING: frozenset({I.FIRST_DIGIT}),
    S.COLLECTING: frozenset({I.INTER_DIGIT}),
    S.EXPECTING: frozenset({I.EXPECT_LIMIT}),
    S.ASKING: frozenset({I.FILLER, I.ASK_LIMIT}),
}

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.NEW,         I.STARTED):           (S.ROUTING,    (A.BEGIN,)),
    (S.NEW,         I.HUNG_UP):           (S.ENDED,      (A.LEAVE_HUNG_UP,)),

    (S.ROUTING,     I.AT_VERSIONS):       (S.ROUTING,    (A.CHOOSE_VERSION,)),
    (S.ROUTING,     I.AT_MENU):           (S.TURN,       (A.ENTER, A.FIRST_SCRIPT)),
    (S.ROUTING,     I.AT_SAY):            (S.TURN,       (A.ENTER, A.FIRST_SCRIPT)),
    (S.ROUTING,     I.AT_HOURS):          (S.ROUTING,    (A.ENTER, A.FOLLOW_HOURS)),
    (S.ROUTING,     I.AT_GOTO):           (S.ROUTING,    (A.ENTER, A.FOLLOW_THEN)),
    (S.ROUTING,     I.AT_QUEUE):          (S.AWAY,       (A.DROP_KEPT, A.ENTER, A.ENTER_QUEUE)),
    (S.ROUTING,     I.AT_PHONE):          (S.AWAY,       (A.DROP_KEPT, A.ENTER, A.CALL_PHONE)),
    (S.ROUTING,     I.AT_EXTERNAL):       (S.AWAY,       (A.DROP_KEPT, A.ENTER, A.CALL_NUMBER)),
    (S.ROUTING,     I.AT_INQUIRY):        (S.ASKING,     (A.ENTER, A.ASK)),
    (S.ROUTING,     I.AT_HAND_OFF):       (S.AWAY,       (A.DROP_KEPT, A.ENTER, A.HAND_OVER)),
    (S.ROUTING,     I.AT_SERVICE):        (S.CONNECTED,  (A.DROP_KEPT, A.ENTER, A.CONNECT)),
    (S.ROUTING,     I.AT_HANGUP):         (S.ENDED,      (A.DROP_KEPT, A.ENTER, A.HANG_UP)),
    (S.ROUTING,     I.NO_TRY_LEFT):       (S.ROUTING,    (A.DROP_KEPT, A.ENTER, A.FOLLOW_NO_TRY)),
    (S.ROUTING,     I.NO_SUCH_NODE):      (S.ENDED,      (A.DROP_KEPT, A.BLAME_TARGET, A.HANG_UP)),
    (S.ROUTING,     I.NOT_THERE):         (S.ROUTING,    (A.FOLLOW_NOT_THERE,)),
    (S.ROUTING,     I.IN_CIRCLES):        (S.ROUTING,    (A.FOLLOW_CIRCLE,)),
    (S.ROUTING,     I.TOO_MANY_STEPS):    (S.ENDED,      (A.DROP_KEPT, A.BLAME_STEPS, A.HANG_UP)),

    (S.TURN,        I.EXPECT):            (S.EXPECTING,  (A.START_EXPECTING,)),
    (S.TURN,        I.SETTLE):            (S.TURN,       (A.SETTLE_SLOT,)),
    (S.TURN,        I.SPEAK):             (S.SPEAKING,   (A.PLAY,)),
    (S.TURN,        I.INSIST):            (S.INSISTING,  (A.PLAY,)),
    (S.TURN,        I.HEAR):              (S.MATCHING,   (A.TAKE_DIGIT,)),
    (S.TURN,        I.LISTEN):            (S.LISTENING,  (A.START_FIRST_DIGIT,)),
    (S.TURN,        I.MOVE_ON):           (S.ROUTING,    (A.FOLLOW_THEN,)),

    (S.SPEAKING,    I.DIGIT):             (S.TURN,       (A.STOP, A.STOP_TIMERS, A.NOTE_DIGIT, A.KEEP_DIGIT)),
    (S.SPEAKING,    I.PROMPTS_TIMED):     (S.SPEAKING,    (A.EXTEND_LIMIT,)),
    (S.SPEAKING,   I.PROMPTS_FINISHED):  (S.TURN,       (A.STOP_TIMERS, A.NOTE_HEARD)),
    (S.SPEAKING,    I.PROMPT_LIMIT):      (S.TURN,       (A.STOP,)),
    (S.SPEAKING,    I.REQUEUED):          (S.SPEAKING,  (A.CHANGE_QUEUE,)),
    (S.SPEAKING,    I.PULLED):            (S.SPEAKING,   (A.KEEP_PULLED,)),
    (S.SPEAKING,    I.HUNG_UP):           (S.ENDED,      (A.LEAVE_HUNG_UP,)),

    (S.INSISTING,   I.DIGIT):             (S.INSISTING,  (A.NOTE_DIGIT, A.KEEP_DIGIT)),
    (S.INSISTING,   I.PROMPTS_TIMED):     (S.INSISTING,   (A.EXTEND_LIMIT,)),
    (S.INSISTING,  I.PROMPTS_FINISHED):  (S.TURN,       (A.STOP_TIMERS, A.NOTE_HEARD)),
    (S.INSISTING,   I.PROMPT_LIMIT):      (S.TURN,       (A.STOP,)),
    (S.INSISTING,   I.REQUEUED):          (S.INSISTING, (A.CHANGE_QUEUE,)),
    (S.INSISTING,   I.PULLED):            (S.INSISTING,  (A.KEEP_PULLED,)),
    (S.INSISTING,   I.HUNG_UP):           (S.ENDED,      (A.LEAVE_HUNG_UP,)),

    (S.LISTENING,   I.DIGIT):             (S.TURN,       (A.STOP_TIMERS, A.NOTE_DIGIT, A.KEEP_DIGIT)),
    (S.LISTENING,   I.FIRST_DIGIT):       (S.REFUSED,    (A.REFUSE_SILENCE,)),
    (S.LISTENING,   I.REQUEUED):          (S.LISTENING, (A.CHANGE_QUEUE,)),
    (S.LISTENING,   I.PULLED):            (S.LISTENING,  (A.KEEP_PULLED,)),
    (S.LISTENING,   I.HUNG_UP):           (S.ENDED,      (A.LEAVE_HUNG_UP,)),

    (S.MATCHING,    I.CHOSEN):            (S.ROUTING,    (A.FOLLOW_KEY,)),
    (S.MATCHING,    I.CHOSEN_REPEAT):     (S.TURN,       (A.REPEAT_SCRIPT,)),
    (S.MATCHING,    I.ENTERED):           (S.ROUTING,    (A.KEEP_ENTRY,)),
    (S.MATCHING,    I.TO_CONFIRM):        (S.TURN,       (A.READ_BACK,)),
    (S.MATCHING,    I.ENTER_AGAIN):       (S.TURN,       (A.ENTER_AGAIN,)),
    (S.MATCHING,    I.MORE_KEPT):         (S.MATCHING,   (A.TAKE_DIGIT,)),
    (S.MATCHING,    I.MORE_NEEDED):       (S.COLLECTING, (A.START_INTER_DIGIT,)),
    (S.MATCHING,    I.NO_SUCH_KEY):       (S.REFUSED,    (A.REFUSE_KEY,)),

    (S.COLLECTING,  I.DIGIT):             (S.TURN,       (A.STOP_TIMERS, A.NOTE_DIGIT, A.KEEP_DIGIT)),
    (S.COLLECTING,  I.INTER_DIGIT):       (S.MATCHING,   (A.CLOSE_KEY,)),
    (S.COLLECTING,  I.REQUEUED):          (S.COLLECTING, (A.CHANGE_QUEUE,)),
    (S.COLLECTING,  I.PULLED):            (S.COLLECTING, (A.KEEP_PULLED,)),
    (S.COLLECTING,  I.HUNG_UP):           (S.ENDED,      (A.LEAVE_HUNG_UP,)),

    (S.EXPECTING,   I.DIGIT):             (S.TURN,       (A.STOP_TIMERS, A.NOTE_DIGIT, A.KEEP_DIGIT)),
    (S.EXPECTING,   I.PULLED):            (S.TURN,       (A.STOP_TIMERS, A.KEEP_PULLED)),
    (S.EXPECTING,   I.EXPECT_LIMIT):      (S.TURN,       (A.SETTLE_SLOT,)),
    (S.EXPECTING,   I.REQUEUED):          (S.EXPECTING,  (A.CHANGE_QUEUE,)),
    (S.EXPECTING,   I.HUNG_UP):           (S.ENDED,      (A.LEAVE_HUNG_UP,)),

    (S.REFUSED,     I.AGAIN):             (S.TURN,       (A.RETRY_SCRIPT,)),
    (S.REFUSED,     I.GIVE_UP):           (S.ROUTING,    (A.FOLLOW_REFUSAL,)),

    (S.ASKING,      I.DIGIT):             (S.ASKING,     (A.NOTE_DIGIT, A.KEEP_DIGIT)),
    (S.ASKING,      I.FILLER):            (S.ASKING,     (A.PLAY_FILLER,)),
    (S.ASKING,      I.PROMPTS_FINISHED):  (S.ASKING,     (A.NOTE_HEARD, A.PLAY_MUSIC)),
    (S.ASKING,      I.ANSWERED):          (S.ROUTING,    (A.STOP_FILLER, A.KEEP_VALUES, A.FOLLOW_ANSWER)),
    (S.ASKING,      I.ASK_LIMIT):         (S.ROUTING,    (A.STOP_FILLER, A.STOP_ASKING, A.FOLLOW_NO_ANSWER)),
    (S.ASKING,      I.REQUEUED):          (S.ASKING,    (A.CHANGE_QUEUE,)),
    (S.ASKING,      I.HUNG_UP):           (S.ENDED,      (A.STOP_ASKING, A.LEAVE_HUNG_UP)),

    (S.AWAY,        I.RETURNED):          (S.ROUTING,    (A.KEEP_VALUES, A.FOLLOW_RESULT)),
    (S.AWAY,        I.MOVED):             (S.ROUTING,    (A.FOLLOW_MOVE,)),
    (S.AWAY,        I.REQUEUED):          (S.AWAY,       (A.CHANGE_QUEUE,)),
    (S.AWAY,        I.HUNG_UP):           (S.ENDED,      (A.LEAVE_HUNG_UP,)),

    (S.CONNECTED,   I.HUNG_UP):           (S.ENDED,      (A.LEAVE_HUNG_UP,)),
}
# fmt: on

_RESTING = (*(S.NEW, S.SPEAKING, S.INSISTING, S.LISTENING, S.COLLECTING, S.EXPECTING, S.ASKING, S.AWAY, S.CONNECTED),)

#: Events that may arrive and mean nothing; every other event must be in TRANSITIONS where a session rests.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.ENDED], EVENTS),  # whatever crosses our hang-up
        *product(_RESTING[1:], [I.STARTED]),  # a call starts once
        # nothing has been asked for yet
        *product([S.NEW], EVENTS - {I.STARTED, I.HUNG_UP}),
        # nothing is being said
        *product([S.LISTENING, S.COLLECTING, S.EXPECTING, S.AWAY, S.CONNECTED], [I.PROMPTS_TIMED, I.PROMPTS_FINISHED]),
        (S.ASKING, I.PROMPTS_TIMED),  # nobody waits longer for an answer than was said
        # nobody else had the caller
        *product(
            [S.SPEAKING, S.INSISTING, S.LISTENING, S.COLLECTING, S.EXPECTING, S.ASKING, S.CONNECTED],
            [I.RETURNED, I.MOVED],
        ),
        # a question that nobody waits for any longer
        *product([S.SPEAKING, S.INSISTING, S.LISTENING, S.COLLECTING, S.EXPECTING, S.AWAY, S.CONNECTED], [I.ANSWERED]),
        *product([S.ASKING, S.AWAY, S.CONNECTED], [I.PULLED]),  # of a menu that was left
        (S.CONNECTED, I.REQUEUED),  # the place was given up meanwhile
        *product([S.AWAY, S.CONNECTED], [I.DIGIT]),  # the queue, the phone or the service hears them
    }
)
