"""The media arithmetic: RTP, RTCP, SDP, DTMF and codecs over arrays, without a socket."""

from __future__ import annotations
