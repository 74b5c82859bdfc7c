"""G.711 A-law and µ-law (ITU-T G.711, tables 1a–2b) as table look-ups.

Samples are int16, octets uint8, arrays of any shape; one call codes a whole batch of frames. Laws are named by their
SDP encoding names "PCMA" and "PCMU" (RFC 3551 §4.5.14).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
Octets = NDArray[np.uint8]

SAMPLE_RATE: Final = 8000
FRAME_SAMPLES: Final = 160  # 20 ms

_ULAW_BIAS: Final = 33  # in the 14-bit scale of table 2
_ULAW_CLIP: Final = 8158


def _ulaw_decode_table() -> Pcm:
    """Octet → sample, left-aligned in 16 bits (the standard's values times four)."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    segment, step = (code >> 4) & 7, code & 0x0F
    magnitude = ((2 * step + _ULAW_BIAS) << segment) - _ULAW_BIAS
    return (np.where(code & 0x80, -magnitude, magnitude) * 4).astype(np.int16)


def _alaw_decode_table() -> Pcm:
    """Octet → sample, left-aligned in 16 bits (the standard's values times eight)."""
    code = np.arange(256, dtype=np.int32) ^ 0x55  # even bits are inverted on the line
    segment, step = (code >> 4) & 7, code & 0x0F
    magnitude = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) * 8).astype(np.int16)


def _ulaw_encode_table() -> Octets:
    """Octet for every sample, indexed by the sample read as unsigned."""
    pcm = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    # Decision values lie half a step from the outputs (table 2, column 4): bias, then take segment and step.
    magnitude = np.minimum(np.abs(pcm) >> 2, _ULAW_CLIP) + _ULAW_BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    code = (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F)
    octets: Octets = (~np.where(pcm < 0, code | 0x80, code) & 0xFF).astype(np.uint8)
    return octets


def _alaw_encode_table() -> Octets:
    """Octet for every sample, indexed by the sample read as unsigned."""
    pcm = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.where(pcm < 0, -pcm - 1, pcm) >> 3  # sign and 12 bits
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    code = (segment << 4) | ((magnitude >> np.maximum(segment, 1)) & 0x0F)
    octets: Octets = (np.where(pcm < 0, code, code | 0x80) ^ 0x55).astype(np.uint8)
    return octets


def _frozen(table: NDArray[Any]) -> NDArray[Any]:
    table.setflags(write=False)
    return table


ULAW_DECODE: Final[Pcm] = _frozen(_ulaw_decode_table())
ALAW_DECODE: Final[Pcm] = _frozen(_alaw_decode_table())
ULAW_ENCODE: Final[Octets] = _frozen(_ulaw_encode_table())
ALAW_ENCODE: Final[Octets] = _frozen(_alaw_encode_table())

#: Octet → octet; `bytes.translate` takes them too (`.tobytes()`).
ALAW_TO_ULAW: Final[Octets] = _frozen(ULAW_ENCODE[ALAW_DECODE.view(np.uint16)])
ULAW_TO_ALAW: Final[Octets] = _frozen(ALAW_ENCODE[ULAW_DECODE.view(np.uint16)])

DECODE: Final[dict[str, Pcm]] = {"PCMA": ALAW_DECODE, "PCMU": ULAW_DECODE}
ENCODE: Final[dict[str, Octets]] = {"PCMA": ALAW_ENCODE, "PCMU": ULAW_ENCODE}

#: The octet of digital silence.
SILENCE: Final[dict[str, int]] = {"PCMA": 0xD5, "PCMU": 0xFF}


def encode(law: str, pcm: Pcm) -> Octets:
    """Samples of any shape → octets of the same shape. *law* is "PCMA" or "PCMU" (KeyError otherwise)."""
    encoded: Octets = ENCODE[law][np.ascontiguousarray(pcm, dtype=np.int16).view(np.uint16)]
    return encoded


def decode(law: str, octets: Octets) -> Pcm:
    """Octets of any shape → samples of the same shape. *law* is "PCMA" or "PCMU" (KeyError otherwise)."""
    decoded: Pcm = DECODE[law][octets]
    return decoded
