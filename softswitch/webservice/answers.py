"""What a web service answered, as variables of the call: JSON, XML or a form, and where in it the values are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_VALUE = 1000
_MOST_VARIABLES = 100
_MOST_DIGITS = 400
_AT_ONCE = 16 * 1024


class AnswerError(ValueError):
    """The answer cannot be read, or does not have what is needed; says what."""


def read_answer(body: bytes, media_type: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """The variables of an answer.

    *wanted*: variable → path, as in "order.items.0.name" (of XML: names of elements below the root, "@id" for an
    attribute at the end). Empty: everything at the top level that is not a list or an object. Raises AnswerError.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind.endswith(("/xml", "+xml")):
        tree: object = _xml(body)
    elif kind == "application/x-www-form-urlencoded":
        tree = _form(body)
    elif kind == "text/plain" and not wanted:
        return {"text": _text(body).strip()[:MAX_VALUE]}
    else:
        tree = _json(body)
    if wanted:
        return {name: _value(_walk(tree, path), path) for name, path in wanted.items()}
    if not isinstance(tree, dict):
        raise AnswerError("is not an object; say in `result` where the values are")
    plain = ((str(name), value) for name, value in tree.items() if not isinstance(value, dict | list))
    return {name: _value(value, name) for name, value in list(plain)[:_MOST_VARIABLES]}


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AnswerError("is not UTF-8") from None


def _json(body: bytes) -> object:
    try:
        return json.loads(_text(body), parse_int=_number, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        if isinstance(error, AnswerError):
            raise
        raise AnswerError("is not JSON") from None


def _number(digits: str) -> str:
    """As written: a parcel's number of 30 digits is no quantity."""
    if len(digits) > _MOST_DIGITS:
        raise AnswerError("has a number that is too long")
    return digits


def _form(body: bytes) -> object:
    try:
        return dict(parse_qsl(_text(body), max_num_fields=_MOST_VARIABLES))
    except ValueError as error:
        if isinstance(error, AnswerError):
            raise
        raise AnswerError(f"has more than {_MOST_VARIABLES} fields") from None


def _xml(body: bytes) -> object:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\0" in body:
        raise AnswerError("is XML with a document type, which is not read")
    try:
        parser: ElementTree.XMLParser[ElementTree.Element] = ElementTree.XMLParser()
        for start in range(0, len(body), _AT_ONCE):  # whoever reads beside others gives way between the pieces
            parser.feed(body[start : start + _AT_ONCE])
        return _element(parser.close())
    except (ElementTree.ParseError, RecursionError, ValueError):
        raise AnswerError("is not XML") from None


def _element(element: ElementTree.Element) -> object:
    inside: dict[str, object] = {f"@{_local(name)}": value for name, value in element.attrib.items()}
    for child in element:
        name, value = _local(child.tag), _element(child)
        if name not in inside:
            inside[name] = value
        elif isinstance(already := inside[name], list):
            already.append(value)
        else:
            inside[name] = [already, value]
    text = (element.text or "").strip()
    if not inside:
        return text
    if text:
        inside.setdefault("", text)
    return inside


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _walk(tree: object, path: str) -> object:
    for step in path.split("."):
        match tree:
            case dict() if step in tree:
                tree = tree[step]
            case list() if step.isdecimal() and len(step) < 9 and int(step) < len(tree):
                tree = tree[int(step)]
            case _:
                raise AnswerError(f'has no "{path}"')
    return tree[""] if isinstance(tree, dict) and isinstance(tree.get(""), str) else tree


def _value(value: object, path: str) -> str:
    match value:
        case dict() | list():
            raise AnswerError(f'has more than one value at "{path}"')
        case bool():
            return "true" if value else "false"
        case None:
            return ""
    return _sayable(str(value)[:MAX_VALUE])


def _sayable(text: str) -> str:
    """Half of a pair, as JSON may escape it, is no character: nobody could write it down."""
    return text.encode("utf-8", "replace").decode()
