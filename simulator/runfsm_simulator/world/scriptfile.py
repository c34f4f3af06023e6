"""A script as a YAML file: plain data with line numbers, and nothing that could do harm.

JSON is taken as it is. A YAML file is read with as few surprises as JSON: text, numbers, `true`,
`false`, `null`, lists and mappings. There are no tags, no aliases (ten nested ones can mean a
billion nodes), no dates, and `no` does not mean false; a key stands once. What is left maps each
place onto its line, so that a mistake is told as
`weather.yaml:7: turns[1].say: expected text, got the number 5`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from runfsm.errors import ScriptError
from runfsm_simulator.world.mistakes import Loc, mistakes, path_text
from runfsm_simulator.world.script import Script

__all__ = ["load_script", "parse_script", "schema_text"]

SIZE_MAX: Final = 1 << 20  # bytes; a shipped scenario has less than a thousandth of it
DEPTH_MAX: Final = 32  # a script needs 5; arguments may nest

_TAG: Final = "tag:yaml.org,2002:"


def load_script(path: str | os.PathLike[str]) -> Script:
    """Read a script from a YAML file. A script without a name is called as its file.

    Raises:
        ScriptError: the file cannot be read, or has a mistake; each is told with its line.
    """
    where = Path(path)
    try:
        with where.open("rb") as file:
            data = file.read(SIZE_MAX + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ScriptError(str(path), [error.strerror or str(error)]) from error
    except ValueError as error:  # not UTF-8; or a path with a null character
        raise ScriptError(str(path), [str(error)]) from error
    return parse_script(text, where=where.name)


def parse_script(text: str, *, where: str) -> Script:
    """Read a script from YAML text, or from JSON.

    Args:
        text: the YAML or the JSON, at most 1 MiB.
        where: the file's name, for the messages and for a script that has no `name`.

    Raises:
        ScriptError: each mistake with its line.
    """
    if len(text) > SIZE_MAX:
        raise ScriptError(where, [f"longer than {SIZE_MAX} characters; a script is a page or two"])
    lines: dict[Loc, int] = {(): 1}
    try:
        data = _json(text)
        with suppress(yaml.YAMLError) if data is not None else nullcontext():
            written = _plain(_composed(text), (), lines)
        data = written if data is None else data
        if isinstance(data, dict):
            data.setdefault("name", Path(where).stem)
        return Script.model_validate(data)
    except yaml.YAMLError as error:
        raise ScriptError(where, [_yaml_problem(where, error)]) from error
    except ValidationError as error:
        problems = [_placed(where, lines, loc, what) for loc, what in mistakes(error)]
        raise ScriptError(where, problems) from error


# From JSON ---------------------------------------------------------------------------------------


def _json(text: str) -> Any:
    r"""The text as JSON; `None` if it is none, or more than a script may use: YAML tells of that.

    All of JSON is to be taken, and YAML 1.1 differs in some of it: a surrogate pair that is escaped
    (`\ud83d\ude0a`), tabs between the tokens, a line separator in a text.
    """
    if not text.lstrip().startswith("{"):
        return None
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
        json.dumps(data, ensure_ascii=False).encode()  # refuses half of a surrogate pair
    except (ValueError, RecursionError):
        return None
    return None if _depth(data) > DEPTH_MAX else data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key for the second time")
    return data


def _no_number(constant: str) -> Any:
    raise ValueError(constant)  # NaN and Infinity, which JSON does not have


def _depth(data: Any) -> int:
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return 1 + max(map(_depth, parts), default=0)


# From text to nodes ------------------------------------------------------------------------------


def _refused(problem: str, where: yaml.Node | yaml.Event) -> yaml.MarkedYAMLError:
    """The error for YAML that is well formed, but more than a script may use."""
    mark: Any = where.start_mark  # to the stubs, an error's mark is not a node's
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses aliases and depth, and takes only JSON's words for scalars."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012  # PyYAML's own way to configure a class
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node, refused before its children are read."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it bare
        if isinstance(event, yaml.AliasEvent):
            raise _refused("an alias (*); write the value out", event)
        if self.depth == DEPTH_MAX:
            raise _refused(f"nested deeper than {DEPTH_MAX} levels", event)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", [*"~nN", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"-?(0|[1-9][0-9]*)", [*"-0123456789"]),
    ("float", r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?", [*"-.0123456789"]),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), _first)


def _composed(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


# From nodes to plain data ------------------------------------------------------------------------

SCALARS: Final[Mapping[str, Callable[[str], Any]]] = {
    _TAG + "str": str,
    _TAG + "int": int,
    _TAG + "float": float,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "null": lambda _: None,
}


def _plain(node: yaml.Node | None, loc: Loc, lines: dict[Loc, int]) -> Any:
    """The node as plain data; the line of each place is noted in `lines`."""
    if node is None:
        return None
    if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
        return _plain_mapping(node, loc, lines)
    if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
        return _plain_list(node, loc, lines)
    if isinstance(node, yaml.ScalarNode) and node.tag in SCALARS:
        return _plain_scalar(node)
    raise _refused(f"the tag {node.tag}; a script has plain values", node)


def _plain_mapping(node: yaml.MappingNode, loc: Loc, lines: dict[Loc, int]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node.value, str):
            raise _refused("a key that is a list or a mapping", key_node)
        key = _paired(key_node)
        if key in data:
            raise _refused(f"the key {key!r} for the second time", key_node)
        lines[*loc, key] = key_node.start_mark.line + 1
        data[key] = _plain(value_node, (*loc, key), lines)
    return data


def _plain_list(node: yaml.SequenceNode, loc: Loc, lines: dict[Loc, int]) -> list[Any]:
    lines.update({(*loc, i): item.start_mark.line + 1 for i, item in enumerate(node.value)})
    return [_plain(item, (*loc, i), lines) for i, item in enumerate(node.value)]


def _paired(node: yaml.ScalarNode) -> str:
    """The text of a scalar, with each escaped surrogate pair as the one character that it is."""
    try:
        return str(node.value).encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        why = "half of a surrogate pair, which is no character: write both halves, or the character"
        raise _refused(why, node) from None


def _plain_scalar(node: yaml.ScalarNode) -> Any:
    text = _paired(node)
    try:
        return SCALARS[node.tag](text)
    except ValueError as error:  # an integer of thousands of digits, or `!!int five`
        raise _refused(str(error), node) from error


# Telling mistakes --------------------------------------------------------------------------------


def _yaml_problem(where: str, error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError):
        return f"{where}: {getattr(error, 'reason', error)}"  # a character that YAML forbids
    told = ", ".join(filter(None, (error.context, error.problem)))
    return f"{where}:{error.problem_mark.line + 1}: {told}" if error.problem_mark else told


def _placed(where: str, lines: Mapping[Loc, int], loc: Loc, what: str) -> str:
    """One mistake with its line, or with that of the nearest thing around it.

    A single call is written without a list, but validated in one: an index that the file does not
    have is left out.
    """
    seen: Loc = ()
    written: Loc = ()
    for part in loc:
        known = (*seen, part) in lines
        seen = (*seen, part) if known else seen
        written = (*written, part) if known or isinstance(part, str) else written
    place = f"{path_text(written)}: " if written else ""
    return f"{where}:{lines[seen]}: {place}{what}"


# The schema, for editors -------------------------------------------------------------------------


def schema_text() -> str:
    """The JSON Schema of a script file. `python -m runfsm_simulator.scenarios` writes it down."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "GENERATED by `python -m runfsm_simulator.scenarios`",
    }
    return json.dumps(head | Script.model_json_schema(), indent=2) + "\n"
