"""Who plays in the demonstration, what they say, and the configuration of the switch that they call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.phones.call import Carriage

DOMAIN = "demo.softswitch"
LANGUAGES = {"en": "English", "uk": "Ukrainian", "ru": "Russian", "pl": "Polish"}
#: The number that callers of each language dial.
NUMBERS = {"en": "100", "uk": "200", "ru": "300", "pl": "400"}
LOGIN = "*11"

MENU = {
    "en": "Welcome to the telephone shop. For sales, press 1. For support, press 2.",
    "uk": "Вітаємо в крамниці телефонів. Відділ продажу — натисніть 1. Підтримка — натисніть 2.",
    "ru": "Добро пожаловать в магазин телефонов. Отдел продаж — нажмите 1. Поддержка — нажмите 2.",
    "pl": "Witamy w sklepie z telefonami. Dział sprzedaży, naciśnij 1. Pomoc techniczna, naciśnij 2.",
}
#: What is behind the keys of the menu.
KEYS = {"1": "sales", "2": "support"}
QUEUES = {"sales": "Sales", "support": "Support"}


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said in a conversation. *meaning*: in English. *then*: what the agent does after it."""

    who: Literal["agent", "caller"]
    text: str
    meaning: str = ""
    then: Literal["", "hold"] = ""


@dataclass(frozen=True, slots=True)
class Person:
    """*number*: of the phone. *voice*: a variant of the language's voice."""

    name: str
    number: str
    voice: str


@dataclass(frozen=True, slots=True)
class Agent(Person):
    id: str
    full_name: str
    language: str
    skills: Mapping[str, int]

    def speaks(self, language: str) -> bool:
        return self.skills.get(language, 0) >= 50


@dataclass(frozen=True, slots=True)
class Caller(Person):
    """*starts*: seconds after the first call. *keys*: pressed in the menu, wrong ones first.

    *agent*: who must serve them; None for the one who gives up, *patience* seconds after hearing their place.
    *ahead*: how many callers before them the switch must tell them of; None: they are served before it says anything.
    """

    language: str
    starts: float
    keys: str
    carriage: Carriage = "rfc4733"
    codec: str = "PCMA"
    agent: str | None = None
    ahead: int | None = None
    patience: float | None = None
    talk: tuple[Turn, ...] = ()
    ends: Literal["agent", "caller"] = "caller"

    @property
    def queue(self) -> str:
        return KEYS[self.keys[-1]]

    @property
    def label(self) -> str:
        return f"{self.name} ({self.language})"


AGENTS = (
    Agent(
        name="Olena",
        number="1001",
        voice="+f2",
        id="olena",
        full_name="Olena Koval",
        language="uk",
        skills={"sales": 80, "support": 60, "uk": 100, "ru": 90},
    ),
    Agent(
        name="Piotr",
        number="1002",
        voice="+m3",
        id="piotr",
        full_name="Piotr Nowak",
        language="pl",
        skills={"sales": 70, "support": 90, "pl": 100, "en": 80},
    ),
)

CALLERS = (
    Caller(
        name="Emma",
        number="+442079460001",
        voice="+f4",
        language="en",
        starts=0.0,
        keys="1",
        codec="PCMU",
        agent="piotr",
        talk=(
            Turn("agent", "Good morning, this is Piotr. How can I help you?"),
            Turn("caller", "Hello, I am Emma. I would like to order ten telephones."),
            Turn("agent", "With pleasure. You will have them on Friday."),
            Turn("caller", "Wonderful. Goodbye!"),
        ),
    ),
    Caller(
        name="Marta",
        number="+48221230002",
        voice="+f3",
        language="pl",
        starts=2.0,
        keys="1",
        agent="piotr",
        ahead=0,
        talk=(
            Turn("agent", "Dzień dobry, tu Piotr. W czym mogę pomóc?", "Good morning, Piotr here. How can I help?"),
            Turn("caller", "Dzień dobry. Chciałabym kupić czerwony telefon.", "I would like to buy a red telephone."),
            Turn("agent", "Oczywiście, wyślemy go jutro. Do usłyszenia!", "Of course, we send it tomorrow. Goodbye!"),
        ),
        ends="agent",
    ),
    Caller(
        name="Taras",
        number="+380441230003",
        voice="+m4",
        language="uk",
        starts=6.0,
        keys="1",
        carriage="info",
        agent="olena",
        talk=(
            Turn("agent", "Добрий день, це Олена. Чим можу допомогти?", "Good afternoon, Olena here. How can I help?"),
            Turn("caller", "Вітаю! Скільки коштує ваш комутатор?", "Hello! What does your switch cost?"),
            Turn("agent", "Він безкоштовний. Гарного дня!", "It is free. Have a nice day!"),
            Turn("caller", "Дякую, до побачення!", "Thank you, goodbye!"),
        ),
    ),
    Caller(
        name="Jakub",
        number="+48121230004",
        voice="+m2",
        language="pl",
        starts=7.5,
        keys="1",
        codec="PCMU",
        agent="piotr",
        ahead=1,
        talk=(
            Turn("agent", "Dzień dobry, tu Piotr. Słucham pana.", "Good morning, Piotr here. I am listening."),
            Turn("caller", "Czy sprzedajecie też słuchawki?", "Do you sell headsets, too?"),
            Turn("agent", "Tak, mamy pięć rodzajów. Zapraszamy!", "Yes, we have five kinds. You are welcome!"),
        ),
    ),
    Caller(
        name="Iryna",
        number="+380571230005",
        voice="+f5",
        language="ru",
        starts=9.0,
        keys="72",
        agent="olena",
        ahead=0,
        talk=(
            Turn("agent", "Здравствуйте, это Олена. Чем могу помочь?", "Hello, Olena here. How can I help?"),
            Turn("caller", "Мой телефон больше не звонит.", "My telephone no longer rings."),
            Turn("agent", "Одну минуту, я проверю.", "One minute, I will check.", then="hold"),
            Turn("agent", "Готово, теперь он звонит. До свидания!", "Done, now it rings. Goodbye!"),
        ),
        ends="agent",
    ),
    Caller(
        name="Harry",
        number="+441632960006",
        voice="+m7",
        language="en",
        starts=10.5,
        keys="1",
        carriage="inband",
        ahead=2,
        patience=8.0,
    ),
)


def configuration(*, port: int, rtp_ports: range, passwords: Mapping[str, str]) -> str:
    """The text of config.toml; *passwords* by number."""
    parts = [
        f"""\
# The contact centre of `softswitch demo`. Its records: softswitch calls --config THIS_FILE
[server]
data_dir = "data"

[sip]
domain = "{DOMAIN}"
listen = ["udp:127.0.0.1:{port}", "tcp:127.0.0.1:{port}"]

[rtp]
ports = "{rtp_ports[0]}-{rtp_ports[-1]}"

[feature]
login = "{LOGIN}"
"""
    ]
    for agent in AGENTS:
        skills = ", ".join(f"{name} = {level}" for name, level in agent.skills.items())
        parts.append(
            f"""\
[[phone]]
user = "{agent.number}"
name = "{agent.full_name}"
password = "{passwords[agent.number]}"

[[agent]]
id = "{agent.id}"
name = "{agent.full_name}"
phone = "{agent.number}"
language = "{agent.language}"
skills = {{ {skills} }}
"""
        )
    parts += [
        f'[[phone]]\nuser = "{caller.number}"\nname = "{caller.name}"\npassword = "{passwords[caller.number]}"\n'
        for caller in CALLERS
    ]
    parts += [
        f'[[route]]\ndid = "{number}"\nto = "menu:main"\nlanguage = "{language}"\n'
        for language, number in NUMBERS.items()
    ]
    keys = ", ".join(f'{key} = "queue:{queue}"' for key, queue in KEYS.items())
    texts = "\n".join(f'{language} = "{text}"' for language, text in MENU.items())
    parts.append(f"[menu.main]\nkeys = {{ {keys} }}\n\n[menu.main.say]\n{texts}\n")
    parts += [
        f"""\
[queue.{queue}]
label = "{label}"
needs = "{queue} >= 50 and {{language}} >= 50"
strategy = "longest-idle"
announce = {{ position = true, first_after = 3, every = 20 }}
ring_timeout = 10
wrap_up = 1
"""
        for queue, label in QUEUES.items()
    ]
    return "\n".join(parts)
