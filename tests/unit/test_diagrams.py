from __future__ import annotations

from docs.generate_states import drawings


def test_the_committed_diagrams_are_those_of_the_tables() -> None:
    for path, text in drawings():
        assert path.read_text(encoding="utf-8") == text, "draw them anew: python -m docs.generate_states"
