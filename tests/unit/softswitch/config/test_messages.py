"""What people read when a configuration is wrong: the whole message, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import ConfigError, parse_config

ENV = {"PHONE_1001": "long-enough", "EMPTY": ""}

PHONE = '[[phone]]\nuser = "1001"\npassword = "long-enough"\n'

MESSAGES = {
    "an unknown key names the nearest one": (
        '[server]\nlanguge = "en"',
        ['2:1: server.languge: unknown key; did you mean "language"?'],
    ),
    "an unknown key without a likely one lists those that exist": (
        "[queue.sales.announce]\nzzz = 1",
        [
            "2:1: queue.sales.announce.zzz: unknown key; known here: position, wait, every, first_after, comfort, "
            "comfort_say, comfort_every",
        ],
    ),
    "an unknown table": ("[quue.sales]", ['1:2: quue: unknown key; did you mean "queue"?']),
    "a word of a later version is not a typing error": (
        '[rtp]\ncodecs = ["G722"]',
        ['2:11: rtp.codecs[1]: "G722" is not supported yet; one of PCMA, PCMU'],
    ),
    "a wrap-up that is no time": (
        '[queue.sales]\nwrap_up = "until done"',
        [
            "2:11: queue.sales.wrap_up: is not a time after a call; write seconds, "
            'or "until-done" when the agent ends it',
        ],
    ),
    "a key out of the queue that telephones do not have": (
        '[queue.sales]\nexit = { keys = { 12 = "hangup" } }',
        [
            '2:19: queue.sales.exit.keys.12: "12" has characters that are not allowed here; one key of a telephone: '
            "0-9, * or #"
        ],
    ),
    "a key that means two things": (
        '[queue.sales]\noffer_callback = { after = 60, key = "2" }\nexit = { keys = { 2 = "hangup" } }',
        [
            '3:23: queue.sales.exit.keys.2: "2" is the key of offer_callback; choose another: '
            'offer_callback = { key = "…" }'
        ],
    ),
    "two queues of one number": (
        '[queue.sales]\nnumber = "1"\n[queue.support]\nnumber = "1"',
        ['4:10: queue.support.number: "1" is the number of the queue sales already; choose another'],
    ),
    "overflow that leads nowhere, twice, back, or out before its end": (
        '[queue.a]\noverflow = [\n  { after = 60 },\n  { after = 30, to = "hangup" },\n'
        '  { after = 90, also = "queue:a" },\n]',
        [
            '3:3: queue.a.overflow[1]: needs either to or also; write { after = 60, also = "queue:name" } or '
            '{ after = 120, to = "queue:name" }',
            "4:13: queue.a.overflow[2].after: 30 does not come after 60; let the times rise",
            "4:22: queue.a.overflow[2].to: leaves the queue before the next step; let it be the last step",
            '5:24: queue.a.overflow[3].also: "queue:a" is not another queue; write "queue:name"',
        ],
    ),
    "a trunk for callbacks that is not there": (
        '[queue.sales]\noffer_callback = { trunk = "kyiw" }\n[trunk.kyiv]\nhost = "192.0.2.1"',
        ['2:28: queue.sales.offer_callback.trunk: there is no [trunk.kyiw]; did you mean "kyiv"?'],
    ),
    "comfort and whisper without the language of the switch": (
        '[queue.sales]\nwhisper = { say = { uk = "Продажі." } }\n'
        '[queue.sales.announce]\ncomfort_say = [{ pl = "Proszę." }]',
        [
            '2:19: queue.sales.whisper.say: has no text in "en", the language of the switch; add en = "…"; agents '
            "whose language is missing hear it",
            '4:16: queue.sales.announce.comfort_say[1]: has no text in "en", the language of the switch; add en = "…"; '
            "callers whose language is missing hear it",
        ],
    ),
    "a break without a digit": (
        '[break]\nlunch = "lunch"',
        ['2:1: break.lunch: "lunch" has characters that are not allowed here; one digit'],
    ),
    "what counts as good service": (
        '[queue.sales]\nservice_level = { answered_within = 0, target = 80, definition = "F7" }',
        [
            "2:37: queue.sales.service_level.answered_within: should be more than 0",
            "2:49: queue.sales.service_level.target: should be at most 1",
            '2:66: queue.sales.service_level.definition: "F7" is not known here; one of F1, F2, F3, F4, F5, F6',
        ],
    ),
    "a trunk that registers": (
        '[trunk.kyiv]\nhost = "192.0.2.1"\nregister = { user = "x" }',
        ['3:1: trunk.kyiv.register: needs the key "password"'],
    ),
    "a mistyped strategy": (
        '[queue.sales]\nstrategy = "longest-idel"',
        [
            '2:12: queue.sales.strategy: "longest-idel" is not known here; one of longest-idle, fewest-calls, '
            "least-talk, least-occupied, top-down, round-robin, random, weighted, most-skilled, least-skilled, "
            'ring-all, ring-progressively; did you mean "longest-idle"?',
        ],
    ),
    "a weight of somebody unknown": (
        '[[phone]]\nuser = "1"\npassword = "long-enough"\n[[agent]]\nid = "olena"\nphone = "1"\n'
        '[queue.sales]\nstrategy = "weighted"\nweights = { olga = 2, piotr = 1 }',
        [
            '9:13: queue.sales.weights.olga: there is no [[agent]] with the id "olga"; did you mean "olena"?',
            '9:23: queue.sales.weights.piotr: there is no [[agent]] with the id "piotr"',
        ],
    ),
    "needs of some callers that cannot be read": (
        '[goto.vip]\nthen = "echo"\nneeds = "vip >= 500"',
        ["3:17: goto.vip.needs: level 500 does not exist; levels go from 0 to 100"],
    ),
    "a preference that cannot be read": (
        '[queue.sales]\nprefer = "vip >= 101"',
        ["2:18: queue.sales.prefer: level 101 does not exist; levels go from 0 to 100"],
    ),
    "a codec of a later version": (
        '[rtp]\ncodecs = ["PCMA", "G722"]',
        ['2:19: rtp.codecs[2]: "G722" is not supported yet; one of PCMA, PCMU'],
    ),
    "a key that is needed": (
        '[[agent]]\nid = "olena"',
        ['1:1: agent[1]: needs the key "phone"'],
    ),
    "numbers in quotes are not numbers": (
        '[queue.sales]\nring_timeout = "20"\nmax_waiting = 5.5\n[queue.sales.announce]\nposition = 1',
        [
            "2:16: queue.sales.ring_timeout: should be a number",
            "3:15: queue.sales.max_waiting: should be a whole number",
            "5:12: queue.sales.announce.position: should be true or false",
        ],
    ),
    "limits": (
        "[queue.sales]\nring_timeout = 0\nageing = -1\n[rtp]\nworkers = 65\nmedia_timeout = inf",
        [
            "2:16: queue.sales.ring_timeout: should be more than 0",
            "3:10: queue.sales.ageing: should be at least 0",
            "5:11: rtp.workers: should be at most 64",
            "6:17: rtp.media_timeout: should be a finite number",
        ],
    ),
    "a table where a text should be": (
        "[sip]\ndomain = {}",
        ["2:10: sip.domain: should be a string"],
    ),
    "a text where a table should be": (
        'server = "x"',
        ["1:10: server: should be a table: { … }"],
    ),
    "a list where a table should be": (
        "[[queue]]\nx = 1",
        ["1:3: queue: should be a table: { … }; write [queue.name]"],
    ),
    "a table where a list should be": (
        '[phone]\nuser = "1"',
        ["1:2: phone: should be a list: [ … ]; write [[phone]]"],
    ),
    "a time zone": (
        '[server]\ntimezone = "Europe/Kiyv"',
        ['2:12: server.timezone: "Europe/Kiyv" is not a time zone; write a name such as "Europe/Kyiv" or "UTC"'],
    ),
    "addresses to listen on": (
        '[sip]\nlisten = ["udp:0.0.0.0", "tls:0.0.0.0:5061", "udp:pbx:5060", "upd:0.0.0.0:5060", "udp:::1:99999"]',
        [
            '2:16: sip.listen[1]: "udp:0.0.0.0" has no address or no port; '
            'write "udp:0.0.0.0:5060" or "tcp:0.0.0.0:5060"',
            "2:26: sip.listen[2]: listening on tls is not supported yet; "
            'write "udp:0.0.0.0:5060" or "tcp:0.0.0.0:5060"',
            '2:51: sip.listen[3]: "pbx" is not an IP address; write "udp:0.0.0.0:5060" or "tcp:0.0.0.0:5060"',
            '2:62: sip.listen[4]: "upd" is not a transport; write "udp:0.0.0.0:5060" or "tcp:0.0.0.0:5060"; '
            'did you mean "udp"?',
            '2:91: sip.listen[5]: "99999" is not a port; 1 to 65535, or 0 for any free one',
        ],
    ),
    "the same socket twice, and one among the media ports": (
        '[sip]\nlisten = ["udp:0.0.0.0:20001", "udp:0.0.0.0:20001"]',
        [
            "2:11: sip.listen[1]: port 20001 is one of rtp.ports, 20000-20127; keep the two apart",
            '2:32: sip.listen[2]: "udp:0.0.0.0:20001" is in this list already',
        ],
    ),
    "an odd range of ports": (
        '[rtp]\nports = "20001-20128"',
        [
            '2:9: rtp.ports: each even port needs the odd one after it; write "20002-20127"',
        ],
    ),
    "a range of ports upside down": (
        '[rtp]\nports = "20127-20000"',
        ['2:9: rtp.ports: the first port is above the last; write "20000-20127"'],
    ),
    "ports that are not a range": (
        "[rtp]\nports = 20000",
        ['2:9: rtp.ports: should be a string; write "20000-20127": an even port, a dash, an odd port'],
    ),
    "expiries out of order": (
        "[sip]\nexpires = { min = 600, default = 60 }",
        ["2:1: sip.expires: 600 (min), 60 (default), 7200 (max) are not in this order"],
    ),
    "an environment variable that is not set": (
        '[[phone]]\nuser = "1001"\npassword = { env = "PHONE_1O01" }',
        [
            '3:12: phone[1].password: the environment variable "PHONE_1O01" is not set; '
            'set it or write "…", { env = "NAME" } or { file = "path" }; did you mean "PHONE_1001"?',
        ],
    ),
    "an environment variable that is empty": (
        '[[phone]]\nuser = "1001"\npassword = { env = "EMPTY" }',
        [
            '3:12: phone[1].password: the environment variable "EMPTY" is empty; '
            'write "…", { env = "NAME" } or { file = "path" }',
        ],
    ),
    "a secret file that is not there": (
        '[[phone]]\nuser = "1001"\npassword = { file = "/nowhere/secret" }',
        [
            '3:12: phone[1].password: the file "/nowhere/secret" cannot be read (No such file or directory); '
            'write "…", { env = "NAME" } or { file = "path" }',
        ],
    ),
    "a reference of an unknown kind": (
        '[[phone]]\nuser = "1001"\npassword = { enw = "A" }',
        [
            '3:12: phone[1].password: is not a secret; write "…", { env = "NAME" } or { file = "path" }; '
            'did you mean "env"?',
        ],
    ),
    "a phone that can neither register nor be called": (
        '[[phone]]\nuser = "1001"',
        [
            "1:1: phone[1]: can neither register nor be reached; give a password to register with, "
            'a contact = "sip:…" where it is, or a source = ["address"]',
        ],
    ),
    "two phones with one user, two agents with one id": (
        f'{PHONE}{PHONE}[[agent]]\nid = "a"\nphone = "1001"\n[[agent]]\nid = "a"\nphone = "1001"',
        [
            '5:8: phone[2].user: another phone is "1001" already (line 2); choose another',
            '11:6: agent[2].id: another agent is "a" already (line 8); choose another',
        ],
    ),
    "a user with characters that no phone can have": (
        '[[phone]]\nuser = "10 01"\npassword = "long-enough"',
        [
            '2:8: phone[1].user: "10 01" has characters that are not allowed here; '
            "up to 64 letters, digits, dots, dashes, underscores and plus signs",
        ],
    ),
    "a web service without http://, and one whose host is a variable": (
        '[webservice.a]\nurl = "127.0.0.1:80/x"\n[webservice.b]\nurl = "https://{host}/"',
        [
            f'{place}: "{url}" is no URL; http:// or https://, and a host without variables: "https://erp.example/{{ani}}"'
            for place, url in (
                ("2:7: webservice.a.url", "127.0.0.1:80/x"),
                ("4:7: webservice.b.url", "https://{host}/"),
            )
        ],
    ),
    "an address of HTTP without a host": (
        '[api]\nlisten = "8080"\n[[api.token]]\nname = "a"\nrole = "crm"\ntoken = "crm-0123456789abcdef"',
        ['2:10: api.listen: "8080" is no address with a port; write "127.0.0.1:8080"'],
    ),
    "a contact that is not a SIP address": (
        '[[phone]]\nuser = "1"\ncontact = "agent1@127.0.0.3"',
        [
            '3:11: phone[1].contact: "agent1@127.0.0.3" is not a SIP address (a URI without a scheme); '
            'write "sip:user@host" or "sip:user@host:port"',
        ],
    ),
    "an agent at a phone that does not exist": (
        f'{PHONE}[[agent]]\nid = "a"\nphone = "1002"',
        ['6:9: agent[1].phone: there is no [[phone]] with the user "1002"; did you mean "1001"?'],
    ),
    "a level beyond the scale, a skill with a space": (
        f'{PHONE}[[agent]]\nid = "a"\nphone = "1001"\nskills = {{ sales = 101, "big deals" = 1 }}',
        [
            "7:20: agent[1].skills.sales: should be at most 100",
            '7:25: agent[1].skills."big deals": "big deals" has characters that are not allowed here; '
            "letters, digits, dashes and underscores, a letter first",
        ],
    ),
    "a skill expression, with the column inside the string": (
        '[queue.sales]\nneeds = "sales >= 50 und {language} >= 50"\nrelax = [ { after = 30, needs = "sales => 20" } ]',
        [
            "2:22: queue.sales.needs: 'und' follows a complete requirement; join requirements with `and` or `or`",
            "3:40: queue.sales.relax[1].needs: '=' is not understood here; "
            "write `==` for exactly this level or `>=` for at least",
        ],
    ),
    "a caller variable that does not exist": (
        '[queue.sales]\nneeds = "{langage} >= 50"',
        [
            '2:10: queue.sales.needs: nothing is known of the caller as "{langage}"; did you mean "{language}"?',
        ],
    ),
    "relaxations that do not rise": (
        '[queue.s]\nrelax = [ { after = 30, needs = "" }, { after = 20, needs = "" } ]',
        ["2:49: queue.s.relax[2].after: 20 does not come after 30; let the times rise"],
    ),
    "targets": (
        '[queue.sales]\n[menu.main]\nsay = "x"\nkeys = { 1 = "queue:sale", 2 = "quue:sales", 3 = "sales", '
        '4 = "menu", 5 = "hangup:now", 6 = "record:x" }',
        [
            '4:14: menu.main.keys.1: there is no [queue.sale]; did you mean "queue:sales"?',
            '4:32: menu.main.keys.2: "quue:sales" is not a target; '
            'write "kind:name", for example "menu:main", "queue:sales", or "hangup"; did you mean "queue:sales"?',
            '4:50: menu.main.keys.3: "sales" is not a target; '
            'write "kind:name", for example "menu:main", "queue:sales", or "hangup"',
            '4:63: menu.main.keys.4: "menu" does not say which menu; write "menu:name"',
            '4:75: menu.main.keys.5: "hangup" takes no name; write "hangup"',
            "4:93: menu.main.keys.6: there is no [record.x]",
        ],
    ),
    "repeat outside a menu": (
        '[[route]]\nto = "repeat"',
        ['2:6: route[1].to: "repeat" makes sense only as a key of a menu; write "menu:name"'],
    ),
    "a music channel that does not exist": (
        '[queue.s]\nmusic = "defualt"\n[[route]]\nto = "music:jazz"',
        [
            '2:9: queue.s.music: there is no [music.defualt]; did you mean "default"?',
            "4:6: route[1].to: there is no [music.jazz]",
        ],
    ),
    "a music file that is not there": (
        '[music.default]\nfiles = ["hold.wav"]',
        ['2:10: music.default.files[1]: there is no file "/somewhere/hold.wav"'],
    ),
    "a key that is on no telephone": (
        '[menu.main]\nsay = "x"\nkeys = { A1 = "hangup", x = "hangup" }',
        [
            '3:25: menu.main.keys.x: "x" has characters that are not allowed here; '
            "the keys of a telephone: 0-9, * and #",
        ],
    ),
    "a text in a language that the switch does not speak": (
        '[say.hello]\nsay = { en = "Hello", ua = "Привіт" }',
        ['2:23: say.hello.say.ua: "ua" is not a language the switch speaks; one of en, uk, ru, pl; did you mean "uk"?'],
    ),
    "no text in the language of the switch": (
        '[server]\nlanguage = "uk"\n[say.hello]\nsay = { en = "Hello" }',
        [
            '4:7: say.hello.say: has no text in "uk", the language of the switch; '
            'add uk = "…"; callers whose language is missing hear it',
        ],
    ),
    "opening hours": (
        '[hours.office]\nopen = ["mon-fry 09:00-17:00", "sat 9-17"]\nclosed = ["2026-02-30"]\n'
        'when_open = "hangup"\nwhen_closed = "hangup"',
        [
            '2:9: hours.office.open[1]: "mon-fry 09:00-17:00": "mon-fry" is neither days (mon, tue, wed, thu, fri, '
            "sat, sun, daily) nor a date (2026-12-25, 12-25); "
            'for example "mon-fri 09:00-17:00", "sat 22:00-06:00" or "2026-12-25"',
            '2:32: hours.office.open[2]: "sat 9-17": "9-17" is no interval; write for example 09:00-17:00; '
            'for example "mon-fri 09:00-17:00", "sat 22:00-06:00" or "2026-12-25"',
            '3:11: hours.office.closed[1]: "2026-02-30": there is no such date as 2026-02-30; '
            'for example "mon-fri 09:00-17:00", "sat 22:00-06:00" or "2026-12-25"',
        ],
    ),
    "a route that is never reached": (
        '[[route]]\ndid = "044*"\nto = "hangup"\n[[route]]\ndid = "0441234567"\nto = "echo"',
        [
            "4:1: route[2]: is never reached: the route in line 1 takes all its calls; "
            "put the special route before the general one",
        ],
    ),
    "a number with two routes": (
        '[[route]]\ndid = ["1", "2"]\nto = "hangup"\n[[route]]\ndid = ["2", "3"]\nto = "echo"',
        ['5:1: route[2].did: "2" has a route already (line 1); first match wins; remove one of them'],
    ),
    "a number that cannot be dialled, a caller that cannot call": (
        '[trunk.kyiv]\nsource = ["192.0.2.1"]\n[[route]]\ndid = "44 12"\nfrom = ["trunk:kiev", "list:vip", "me"]\n'
        'to = "echo"',
        [
            '4:7: route[1].did: "44 12" is not a number; '
            'write "100", "+380441234567", or "044*" for all that begin with 044',
            '5:9: route[1].from[1]: there is no trunk "kiev"; did you mean "trunk:kyiv"?',
            '5:23: route[1].from[2]: there is no list "vip"',
            '5:35: route[1].from[3]: "me" does not say who calls; '
            'write "trunk:name", "phone:user", "trunk:*", "phone:*", '
            '"list:name", a number, "+4822*" or "withheld"',
        ],
    ),
    "a trunk without an address": (
        '[trunk.a]\n[trunk.b]\nhost = "sip.example"\n[trunk.c]\nsource = ["10.0.0.1/8", "nowhere"]',
        [
            '1:8: trunk.a: has no address; add host = "192.0.2.10", or source = ["192.0.2.10"]',
            '5:11: trunk.c.source[1]: "10.0.0.1/8" has bits set outside its mask; write "10.0.0.0/8"',
            '5:25: trunk.c.source[2]: "nowhere" is not an address; '
            'write an address, "192.0.2.10", or a network, "192.0.2.0/24"',
        ],
    ),
    "an address that belongs to two": (
        '[trunk.a]\nsource = ["192.0.2.1"]\n[[phone]]\nuser = "1"\nsource = ["192.0.2.1"]',
        [
            "5:11: phone[1].source[1]: 192.0.2.1/32 already belongs to trunk.a; give each address to one of them",
        ],
    ),
    "feature codes that cannot be told apart": (
        '[feature]\nlogin = "*1"\nback = "*13"\nbreak = "11"',
        [
            '2:9: feature.login: "*1" is the beginning of the code for logout; the codes must differ',
            '4:9: feature.break: "11" has characters that are not allowed here; '
            'a star or hash and digits, for example "*11"',
        ],
    ),
    "agents of a queue that do not exist": (
        f'{PHONE}[[agent]]\nid = "olena"\nphone = "1001"\n[queue.a]\nagents = ["olenka"]\n'
        "[queue.b]\nagents = { olena = 1, piotr = 2 }",
        [
            '8:11: queue.a.agents[1]: there is no [[agent]] with the id "olenka"; did you mean "olena"?',
            '10:31: queue.b.agents.piotr: there is no [[agent]] with the id "piotr"',
        ],
    ),
    "a circle that a silent caller never leaves": (
        '[menu.a]\nsay = "a"\nkeys = { 1 = "hangup" }\nwhen_no_input = "menu:b"\n'
        '[menu.b]\nsay = "b"\nkeys = { 1 = "hangup" }\nwhen_no_input = "menu:a"',
        [
            "1:7: menu.a: a silent caller goes round for ever: menu:a → menu:b → menu:a; "
            "send when_no_input out of the circle",
        ],
    ),
    "a file that is not TOML": (
        "[server]\nlanguage = en",
        ['2:12: not valid TOML: en is no value; write texts in quotation marks: "en"'],
    ),
    "a file that ends too early": (
        '[server]\nlanguage = "en',
        [
            '2:15: not valid TOML: unterminated string; write " at its end; a text of several lines stands between '
            '""" and """'
        ],
    ),
    "a key twice": (
        '[server]\nlanguage = "en"\nlanguage = "uk"',
        ["3:1: server.language: stands in line 2 already; leave one of them out"],
    ),
    "a key twice in braces": (
        '[menu.main]\nkeys = { 1 = "queue:a", 1 = "queue:b" }',
        ["2:25: menu.main.keys.1: stands in line 2 already; leave one of them out"],
    ),
    "a table twice": (
        '[menu.main]\nsay = "a"\n[menu.other]\nsay = "b"\n[menu.main]\nsay = "c"',
        ["5:7: menu.main: stands in line 1 already; leave one of them out"],
    ),
    "a table that is one of several": (
        '[route]\nto = "say:a"\n[[route]]\nto = "say:b"',
        ["3:3: route: stands in line 1 already; write [[route]] in both lines"],
    ),
    "a star as a key": (
        '[menu.main]\nkeys = { 1 = "queue:a", * = "repeat" }',
        ['2:25: not valid TOML: the key * needs quotation marks; write "*" = …'],
    ),
    "a hash as a key": (
        '[menu.main]\nkeys = { # = "repeat" }',
        ['2:10: not valid TOML: the key # needs quotation marks; write "#" = …'],
    ),
    "quotation marks of a word processor": (
        "[say.a]\nsay = “Hello”",
        ['2:7: not valid TOML: “ is no quotation mark here; write straight ones: "…"'],
    ),
    "a time without quotation marks": (
        "[hours.a]\nopen = 09:00",
        ['2:9: not valid TOML: 09:00 is no value; write "09:00"'],
    ),
    "a word where true or false should be": (
        "[server]\ntest = yes",
        ["2:8: not valid TOML: yes is no value; write true"],
    ),
    "braces over several lines": (
        '[menu.main]\nkeys = { 1 = "hangup",\n2 = "hangup" }',
        [
            "2:23: not valid TOML: a table in braces is not complete; "
            "write { a = 1, b = 2 } in one line, no comma at its end"
        ],
    ),
    "a number that was dialled as a number": (
        '[[route]]\ndid = 100\nto = "hangup"',
        ['2:7: route[1].did: should be a string; write "100"'],
    ),
    "numbers that were dialled as numbers": (
        '[[route]]\ndid = [100]\nto = "hangup"',
        ['2:8: route[1].did[1]: should be a string; write "100"'],
    ),
    "a language as its country": (
        '[server]\nlanguage = "ua"',
        ['2:12: server.language: "ua" is not known here; one of en, uk, ru, pl; did you mean "uk"?'],
    ),
    "a text in a country": (
        '[say.a]\nsay = { en = "Welcome", ua = "Вітаємо" }',
        ['2:25: say.a.say.ua: "ua" is not a language the switch speaks; one of en, uk, ru, pl; did you mean "uk"?'],
    ),
    "a language to go on in as its country": (
        '[set.u]\nlanguage = "ua"\nthen = "hangup"',
        [
            '2:12: set.u.language: "ua" is not a language the switch speaks; one of en, uk, ru, pl, or a variable: '
            '"{tongue}"; did you mean "uk"?'
        ],
    ),
    "a confirmation that does not say what was entered": (
        '[collect.c]\nsay = "Your number"\nconfirm = "true"\nthen = "hangup"',
        [
            '3:11: collect.c.confirm: the text in "en" does not say what was entered; '
            "write true, or a text with {value:digits} in it"
        ],
    ),
    "a password as shells write it": (
        '[[phone]]\nuser = "1001"\npassword = "${PHONE_1001}"',
        ['3:12: phone[1].password: nothing is filled in here; write { env = "PHONE_1001" }'],
    ),
}


def complaints(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigError) as caught:
        parse_config(data, file="config.toml", folder=Path("/somewhere"), env=ENV)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("text", "expected"), MESSAGES.values(), ids=MESSAGES.keys())
def test_message(text: str, expected: list[str]) -> None:
    assert complaints(text) == [f"config.toml:{line}" for line in expected]


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    texts = [MESSAGES[name][0] for name in ("a time zone", "targets", "a level beyond the scale, a skill with a space")]
    said = complaints("\n".join(texts))
    assert len(said) == 9
    lines = [int(line.split(":")[1]) for line in said]
    assert lines == sorted(lines)


def test_bytes_that_are_not_utf_8_are_shown_in_their_place() -> None:
    assert complaints("[server]\n# Київ \xff".encode("latin-1", "replace")) == [
        "config.toml:2:8: byte 0xff is not UTF-8; save the file as UTF-8"
    ]


def test_no_message_contains_a_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\nhunter2\n")
    text = f"""
[[phone]]
user = "1"
password = {{ file = "{tmp_path / "secret"}" }}
[[phone]]
user = "2"
password = "hunter2\\t"
[[agent]]
id = "a"
phone = "1"
pin = ["hunter2"]
[[phone]]
user = "3"
password = {{ env = "A", value = "hunter2" }}
"""
    said = "\n".join(complaints(text))
    assert said.count("password") + said.count("pin") >= 4
    assert "hunter2" not in said
