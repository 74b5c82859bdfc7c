"""What the switch says: phrases in four languages, with the grammar numbers need, and recordings instead of them."""

from __future__ import annotations
