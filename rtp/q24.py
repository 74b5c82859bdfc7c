"""Is it a key? The limits of ITU-T Q.24 applied to phasors (`rtp.tone_filters`).

`hop_verdicts` looks at each 1.25 ms by itself and is generous; `is_key` looks at a whole tone and is strict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtp.codecs.g711 import SAMPLE_RATE
from rtp.tone_filters import CENTRES, HOP, HOPS
from rtp.tones import COLUMNS, PEAK_0DBM0, ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtp.tone_filters import Complexes, Floats

# Limits, with the margin that measuring costs.
MIN_LEVEL: Final = PEAK_0DBM0 * 10 ** (-44 / 20)  # of the weaker tone: −40 dBm0 accepted, −55 rejected
MAX_ROW_OVER_COLUMN: Final = 10 ** (8.8 / 20)  # normal twist: 8 dB accepted
MAX_COLUMN_OVER_ROW: Final = 10 ** (5.8 / 20)  # reverse twist: 5 dB accepted
MAX_DEVIATION: Final = 0.0245  # of the nominal frequency: 1.8 % accepted, 3.0 % rejected
MIN_PURITY: Final = 0.70  # share of the power, hum and offset aside, that the two tones hold
MIN_STEADINESS: Final = 0.90  # 1.0 is a phasor that turns at one speed with one amplitude

NOTHING: Final = -1
UNKNOWN: Final = -2
LOOK_AHEAD: Final = 5  # hops a verdict waits for

_AROUND: Final = 16  # hops looked back to for the amplitude of the tone
_EDGE: Final = 0.5  # of that amplitude: where a tone, smeared by the filter, begins and ends
_HOP_PURITY: Final = 0.40
_HOP_TWIST: Final = 10 ** (14 / 20)
_HOP_DEVIATION: Final = 0.05
_GATE_PURITY: Final = 0.50
_GATE_HOPS: Final = 4
_LAG: Final = 8  # hops between the phasors compared for frequency: 10 ms
_FEW_PAIRS: Final = 5

_NOMINAL: Final = (np.array(ROWS), np.array(COLUMNS))
_TURN_BACK: Final = np.exp(-2j * np.pi * CENTRES * HOP / SAMPLE_RATE).astype(np.complex64)


def may_hold_key(phasors: Complexes, power: Floats, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which legs to look at closer, cheaply: phasors[k, hops, 2], power and known[k, hops] → bool[k]."""
    strength = phasors.real**2 + phasors.imag**2
    row, column = strength[:, :, 0], strength[:, :, 1]
    possible = (
        (np.minimum(row, column) > (MIN_LEVEL * 0.7) ** 2)
        & (row + column > 2 * _GATE_PURITY * power)
        & (row < _HOP_TWIST**2 * column)
        & (column < _HOP_TWIST**2 * row)
        & known
    )
    enough: NDArray[np.bool_] = possible.sum(axis=1) >= _GATE_HOPS
    return enough


def hop_verdicts(phasors: Complexes, power: Floats, known: NDArray[np.bool_]) -> NDArray[np.int8]:
    """What each hop of one frame sounds like: a key (4 × row + column), NOTHING or UNKNOWN.

    Takes the history of k legs, phasors[k, hops, 2], power and known[k, hops]. The 16 hops judged end `LOOK_AHEAD`
    before the newest, so that what follows an edge has been heard.
    """
    newest = phasors.shape[1] - LOOK_AHEAD
    judged = slice(newest - HOPS, newest)
    amplitude = np.abs(phasors)
    heard = np.where(known[:, :, None], amplitude, 0)
    around = _loudest(heard[:, newest - HOPS - _AROUND :], _AROUND + LOOK_AHEAD + 1)
    here = amplitude[:, judged]
    row, column = here[:, :, 0], here[:, :, 1]
    loud = (here >= _EDGE * around).all(axis=2) & (here >= MIN_LEVEL).all(axis=2)
    balanced = (row < _HOP_TWIST * column) & (column < _HOP_TWIST * row)
    pure = row**2 + column**2 > 2 * _HOP_PURITY * power[:, judged]
    # Frequency from the turn between neighbours, averaged over five pairs.
    turned = phasors[:, newest - HOPS - 2 :] * phasors[:, newest - HOPS - 3 : -1].conj()
    turned[~(known[:, newest - HOPS - 2 :] & known[:, newest - HOPS - 3 : -1])] = 0
    mean = turned[:, :HOPS].copy()
    for shift in range(1, 5):
        mean += turned[:, shift : shift + HOPS]
    offset = np.angle(mean * _TURN_BACK) * (SAMPLE_RATE / (2 * np.pi * HOP))
    key = np.zeros(row.shape, dtype=np.int8)
    fits = loud & balanced & pure
    for group, nominal in enumerate(_NOMINAL):
        deviation = np.abs((offset[:, :, group] + CENTRES[group])[:, :, None] / nominal - 1)
        fits &= deviation.min(axis=2) < _HOP_DEVIATION
        key = key * 4 + deviation.argmin(axis=2).astype(np.int8)
    return np.where(known[:, judged], np.where(fits, key, NOTHING), UNKNOWN).astype(np.int8)


def is_key(key: int, verdicts: NDArray[np.int_], phasors: Complexes, power: Floats) -> bool:
    """Whether the tone heard in the hops whose verdict is *key* is that key: phasors[hops, 2], power[hops]."""
    heard = verdicts == key
    inside = heard.copy()
    solid = heard | (verdicts == UNKNOWN)
    for shift in (1, 2):  # the filters smear the edges
        inside[shift:] &= solid[:-shift]
        inside[:-shift] &= solid[shift:]
    lag = _LAG
    pairs = inside[lag:] & inside[:-lag]
    if pairs.sum() < _FEW_PAIRS:  # torn by a lost frame
        lag = _LAG // 2
        pairs = inside[lag:] & inside[:-lag]
    if pairs.sum() < _FEW_PAIRS:
        return False
    later, earlier = phasors[lag:][pairs], phasors[:-lag][pairs]
    strength = ((np.abs(later) ** 2 + np.abs(earlier) ** 2) / 2).sum(axis=0)
    turned = (later * earlier.conj()).sum(axis=0)
    neighbours = inside[1:] & inside[:-1]
    stepped = (phasors[1:][neighbours] * phasors[:-1][neighbours].conj()).sum(axis=0)
    if (np.abs(turned) < MIN_STEADINESS * strength).any():
        return False
    squares = np.zeros(2)
    for group, nominal in enumerate((ROWS[key // 4], COLUMNS[key % 4])):
        deviation = _deviation(complex(turned[group]), lag, complex(stepped[group]), nominal)
        if abs(deviation) > MAX_DEVIATION * nominal:
            return False
        squares[group] = (np.abs(phasors[inside, group]) ** 2).mean()
    row, column = np.sqrt(squares)
    return bool(
        row <= column * MAX_ROW_OVER_COLUMN
        and column <= row * MAX_COLUMN_OVER_ROW
        and squares.sum() / 2 >= MIN_PURITY * power[inside].mean()
    )


def _deviation(turned: complex, lag: int, stepped: complex, nominal: float) -> float:
    """Hz off the nominal frequency: precise from the turn over *lag* hops, unambiguous from that over one."""
    per_hop = 2 * np.pi * nominal * HOP / SAMPLE_RATE
    coarse = np.angle(stepped * np.exp(-1j * per_hop))
    fine = np.angle(turned * np.exp(-1j * per_hop * lag)) / lag
    cycle = 2 * np.pi / lag
    turn = fine + cycle * np.round((coarse - fine) / cycle)
    return float(turn * SAMPLE_RATE / (2 * np.pi * HOP))


def _loudest(values: Floats, width: int) -> Floats:
    """Maximum over every window of *width* > 16 hops (axis 1), by doubling."""
    for step in (1, 2, 4, 8, width - 16):
        values = np.maximum(values[:, step:], values[:, :-step])
    return values
