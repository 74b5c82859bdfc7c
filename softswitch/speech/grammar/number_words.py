"""The words of numbers: tables only; `numbers` puts them together.

Index 0 of `hundreds` and 0–1 of `tens` are unused. Slavic tables hold nominative and genitive; the accusative is one
of the two, except for a feminine one and thousand.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forms:
    """One grammatical case of a Slavic language."""

    small: tuple[str, ...]  # 0–19, masculine
    tens: tuple[str, ...]
    hundreds: tuple[str, ...]
    thousand: tuple[str, str, str]  # with one, few, many
    feminine: dict[int, str]  # 1 and 2 where they differ from the masculine
    neuter: dict[int, str]


@dataclass(frozen=True, slots=True)
class Slavic:
    nominative: Forms
    genitive: Forms
    feminine_one_accusative: str
    thousand_accusative: str
    says_one_thousand: bool  # "одна тисяча", but "tysiąc"
    one_is_invariable: bool  # in compounds: "dwadzieścia jeden" for every gender and case
    persons_take_genitive: bool  # from two on, in the nominative too: "dwóch panów"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


UK = Slavic(
    nominative=Forms(
        small=_words(
            "нуль один два три чотири п’ять шість сім вісім дев’ять десять одинадцять дванадцять тринадцять "
            "чотирнадцять п’ятнадцять шістнадцять сімнадцять вісімнадцять дев’ятнадцять"
        ),
        tens=_words("- - двадцять тридцять сорок п’ятдесят шістдесят сімдесят вісімдесят дев’яносто"),
        hundreds=_words("- сто двісті триста чотириста п’ятсот шістсот сімсот вісімсот дев’ятсот"),
        thousand=("тисяча", "тисячі", "тисяч"),
        feminine={1: "одна", 2: "дві"},
        neuter={1: "одне"},
    ),
    genitive=Forms(
        small=_words(
            "нуля одного двох трьох чотирьох п’яти шести семи восьми дев’яти десяти одинадцяти дванадцяти "
            "тринадцяти чотирнадцяти п’ятнадцяти шістнадцяти сімнадцяти вісімнадцяти дев’ятнадцяти"
        ),
        tens=_words("- - двадцяти тридцяти сорока п’ятдесяти шістдесяти сімдесяти вісімдесяти дев’яноста"),
        hundreds=_words("- ста двохсот трьохсот чотирьохсот п’ятисот шестисот семисот восьмисот дев’ятисот"),
        thousand=("тисячі", "тисяч", "тисяч"),
        feminine={1: "однієї"},
        neuter={},
    ),
    feminine_one_accusative="одну",
    thousand_accusative="тисячу",
    says_one_thousand=True,
    one_is_invariable=False,
    persons_take_genitive=False,
)

RU = Slavic(
    nominative=Forms(
        small=_words(
            "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать "
            "четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать"
        ),
        tens=_words("- - двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто"),
        hundreds=_words("- сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот"),
        thousand=("тысяча", "тысячи", "тысяч"),
        feminine={1: "одна", 2: "две"},
        neuter={1: "одно"},
    ),
    genitive=Forms(
        small=_words(
            "ноля одного двух трёх четырёх пяти шести семи восьми девяти десяти одиннадцати двенадцати "
            "тринадцати четырнадцати пятнадцати шестнадцати семнадцати восемнадцати девятнадцати"
        ),
        tens=_words("- - двадцати тридцати сорока пятидесяти шестидесяти семидесяти восьмидесяти девяноста"),
        hundreds=_words("- ста двухсот трёхсот четырёхсот пятисот шестисот семисот восьмисот девятисот"),
        thousand=("тысячи", "тысяч", "тысяч"),
        feminine={1: "одной"},
        neuter={},
    ),
    feminine_one_accusative="одну",
    thousand_accusative="тысячу",
    says_one_thousand=True,
    one_is_invariable=False,
    persons_take_genitive=False,
)

PL = Slavic(
    nominative=Forms(
        small=_words(
            "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście "
            "trzynaście czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście"
        ),
        tens=_words(
            "- - dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt "
            "osiemdziesiąt dziewięćdziesiąt"
        ),
        hundreds=_words("- sto dwieście trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset"),
        thousand=("tysiąc", "tysiące", "tysięcy"),
        feminine={1: "jedna", 2: "dwie"},
        neuter={1: "jedno"},
    ),
    genitive=Forms(
        small=_words(
            "zera jednego dwóch trzech czterech pięciu sześciu siedmiu ośmiu dziewięciu dziesięciu jedenastu "
            "dwunastu trzynastu czternastu piętnastu szesnastu siedemnastu osiemnastu dziewiętnastu"
        ),
        tens=_words(
            "- - dwudziestu trzydziestu czterdziestu pięćdziesięciu sześćdziesięciu siedemdziesięciu "
            "osiemdziesięciu dziewięćdziesięciu"
        ),
        hundreds=_words("- stu dwustu trzystu czterystu pięciuset sześciuset siedmiuset ośmiuset dziewięciuset"),
        thousand=("tysiąca", "tysięcy", "tysięcy"),
        feminine={1: "jednej"},
        neuter={},
    ),
    feminine_one_accusative="jedną",
    thousand_accusative="tysiąc",
    says_one_thousand=False,
    one_is_invariable=True,
    persons_take_genitive=True,
)

EN_SMALL = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
EN_TENS = _words("- - twenty thirty forty fifty sixty seventy eighty ninety")
