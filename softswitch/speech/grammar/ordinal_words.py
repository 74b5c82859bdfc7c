"""The words of ordinals: masculine nominative; `ordinals` declines them and puts them together.

Index 0 of all, and 1 of `tens`, are unused. `thousands` are the beginnings of "two-thousandth" and so on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrdinalWords:
    small: tuple[str, ...]  # 0–19; index 0 is the adjective "zeroth", of the hour after midnight
    tens: tuple[str, ...]
    hundreds: tuple[str, ...]
    thousands: tuple[str, ...]  # 1–9
    thousandth: str
    tens_are_ordinal: bool  # "dwudziesty pierwszy", but "двадцать первый"


def _words(text: str) -> tuple[str, ...]:
    return tuple("" if word == "-" else word for word in text.split())


UK = OrdinalWords(
    small=_words(
        "нульовий перший другий третій четвертий п’ятий шостий сьомий восьмий дев’ятий десятий одинадцятий "
        "дванадцятий тринадцятий чотирнадцятий п’ятнадцятий шістнадцятий сімнадцятий вісімнадцятий дев’ятнадцятий"
    ),
    tens=_words("- - двадцятий тридцятий сороковий п’ятдесятий шістдесятий сімдесятий вісімдесятий дев’яностий"),
    hundreds=_words(
        "- сотий двохсотий трьохсотий чотирьохсотий п’ятисотий шестисотий семисотий восьмисотий дев’ятисотий"
    ),
    thousands=_words("- - двох трьох чотирьох п’яти шести семи восьми дев’яти"),
    thousandth="тисячний",
    tens_are_ordinal=False,
)

RU = OrdinalWords(
    small=_words(
        "нулевой первый второй третий четвёртый пятый шестой седьмой восьмой девятый десятый одиннадцатый "
        "двенадцатый тринадцатый четырнадцатый пятнадцатый шестнадцатый семнадцатый восемнадцатый девятнадцатый"
    ),
    tens=_words("- - двадцатый тридцатый сороковой пятидесятый шестидесятый семидесятый восьмидесятый девяностый"),
    hundreds=_words("- сотый двухсотый трёхсотый четырёхсотый пятисотый шестисотый семисотый восьмисотый девятисотый"),
    thousands=_words("- - двух трёх четырёх пяти шести семи восьми девяти"),
    thousandth="тысячный",
    tens_are_ordinal=False,
)

PL = OrdinalWords(
    small=_words(
        "zerowy pierwszy drugi trzeci czwarty piąty szósty siódmy ósmy dziewiąty dziesiąty jedenasty dwunasty "
        "trzynasty czternasty piętnasty szesnasty siedemnasty osiemnasty dziewiętnasty"
    ),
    tens=_words(
        "- - dwudziesty trzydziesty czterdziesty pięćdziesiąty sześćdziesiąty siedemdziesiąty osiemdziesiąty "
        "dziewięćdziesiąty"
    ),
    hundreds=_words(
        "- setny dwusetny trzechsetny czterechsetny pięćsetny sześćsetny siedemsetny osiemsetny dziewięćsetny"
    ),
    thousands=_words("- - dwu trzy cztero pięcio sześcio siedmio ośmio dziewięcio"),
    thousandth="tysięczny",
    tens_are_ordinal=True,
)

EN_SMALL = _words(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
)
EN_TENS = _words("- - twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth")
