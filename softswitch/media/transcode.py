"""``python -m softswitch.media.transcode SOURCE TARGET``: a file of somebody else's as an 8 kHz mono WAV.

A process of its own, that may take only so much processor time and memory: what is in the file is anybody's guess.
The seconds of audio are printed; what is wrong with the file goes to stderr, with exit code 1.
"""

from __future__ import annotations

import os
import resource
import sys

import soundfile

from rtp.codecs.g711 import SAMPLE_RATE
from softswitch.media.assets import AssetError, load_pcm

#: Longest audio in seconds, and what the process may use: seconds of processor time, octets of memory.
LONGEST = 300.0
PROCESSOR, MEMORY = 60, 4 << 30


def main(source: str, target: str) -> None:
    """Raises SystemExit."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        pcm = load_pcm(source, max_seconds=LONGEST)
        soundfile.write(target, pcm, SAMPLE_RATE, subtype="PCM_16", format="WAV")
    except AssetError as error:
        raise SystemExit(error.problem) from None
    except (OSError, MemoryError) as error:
        raise SystemExit(f"cannot be made playable: {error}") from None
    print(len(pcm) / SAMPLE_RATE)


if __name__ == "__main__":
    main(*sys.argv[1:])
