"""Messages with images and files, in the same words for every wire.

A message is a text, or a list of parts. Each backend says a part in the words of its API, and
refuses, with a `CallerError`, what that API cannot say. Parts may also be given as dicts, in the
words of the Assistants or of the Responses API: they are read into the same classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeAlias

from runfsm.driver.jsonvalues import check_text
from runfsm.errors import CallerError

__all__ = [
    "FileAttachment",
    "FileData",
    "FileUrl",
    "ImageFile",
    "ImageUrl",
    "MessageContent",
    "Part",
    "Text",
    "check_content",
    "text_of",
]

Detail: TypeAlias = Literal["auto", "low", "high"] | None
FileTool: TypeAlias = Literal["file_search", "code_interpreter"]

DETAILS: Final = (None, "auto", "low", "high")
FILE_TOOLS: Final = ("file_search", "code_interpreter")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text; a plain `str` in a list of parts is one, too.

    Raises:
        CallerError: it is no text, or cannot be sent.
    """

    type: ClassVar = "text"
    text: str

    def __post_init__(self) -> None:
        _check(self, "text", self.text)


@dataclass(frozen=True, slots=True)
class ImageUrl:
    """An image on the web, or in a `data:` URL.

    Attributes:
        url: the address.
        detail: how closely the model looks; `None` leaves that to the service.

    Raises:
        CallerError: the address is no text; the detail is another one.

    Example:
        >>> message = ["What is this?", ImageUrl("https://example.com/cat.png")]
        >>> driver.run(RunRequest("asst_abc123", message)).text  # doctest: +SKIP
        'A cat.'
    """

    type: ClassVar = "image_url"
    url: str
    detail: Detail = None

    def __post_init__(self) -> None:
        _check(self, "url", self.url)
        _check_detail(self, self.detail)


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image that was uploaded, with the purpose `vision`.

    Attributes:
        file_id: the id of the upload.
        detail: how closely the model looks; `None` leaves that to the service.

    Raises:
        CallerError: the id is no text; the detail is another one.
    """

    type: ClassVar = "image_file"
    file_id: str
    detail: Detail = None

    def __post_init__(self) -> None:
        _check(self, "file_id", self.file_id)
        _check_detail(self, self.detail)


@dataclass(frozen=True, slots=True)
class FileAttachment:
    """A file that was uploaded.

    Attributes:
        file_id: the id of the upload.
        tools: what may read it, on the Assistants API: `"file_search"` if empty. Elsewhere a model
            reads the file itself, and tools have files of their own.

    Raises:
        CallerError: the id is no text; a tool is another one.
    """

    type: ClassVar = "file"
    file_id: str
    tools: tuple[FileTool, ...] = ()

    def __post_init__(self) -> None:
        _check(self, "file_id", self.file_id)
        tools = (self.tools,) if isinstance(self.tools, str) else tuple(self.tools)
        object.__setattr__(self, "tools", tools)
        if wrong := [tool for tool in self.tools if tool not in FILE_TOOLS]:
            raise CallerError(f"FileAttachment.tools has {wrong[0]!r}; it takes {FILE_TOOLS}")


@dataclass(frozen=True, slots=True)
class FileUrl:
    """A file on the web.

    Attributes:
        url: the address.

    Raises:
        CallerError: the address is no text.
    """

    type: ClassVar = "file_url"
    url: str

    def __post_init__(self) -> None:
        _check(self, "url", self.url)


@dataclass(frozen=True, slots=True)
class FileData:
    """A file, in the message itself.

    Attributes:
        filename: its name, which says what it is.
        data: its content, as a `data:` URL: `"data:application/pdf;base64,JVBERi0x..."`.

    Raises:
        CallerError: one of them is no text.
    """

    type: ClassVar = "file_data"
    filename: str
    data: str

    def __post_init__(self) -> None:
        _check(self, "filename", self.filename)
        _check(self, "data", self.data)


Part: TypeAlias = Text | ImageUrl | ImageFile | FileAttachment | FileUrl | FileData

#: A text, or its parts; a part may be a plain text, or a dict in the words of an API.
MessageContent: TypeAlias = str | Sequence[Part | str | Mapping[str, Any]]


def check_content(content: MessageContent, place: str = "message") -> str | tuple[Part, ...]:
    """Return a message as every backend takes it: a text, or parts.

    Args:
        content: what the app gave.
        place: its name in an error.

    Raises:
        CallerError: it is neither, or cannot be sent; the message names the part.

    Example:
        >>> check_content(["Hi", {"type": "input_image", "image_url": "https://example.com/a.png"}])
        (Text(text='Hi'), ImageUrl(url='https://example.com/a.png', detail=None))
    """
    if isinstance(content, str):
        return check_text(content, place)
    if isinstance(content, Part | Mapping):
        raise CallerError(f"{place} is one part, and no list of them: put it into a list")
    if not isinstance(content, list | tuple):
        raise CallerError(
            f"{place} is a {_name(content)}: give a text, or a list such as "
            f"['Look:', ImageUrl(url)]"
        )
    if not content:
        raise CallerError(f"{place} is an empty list: give a text, or at least one part")
    return tuple(_part(part, f"{place}[{i}]") for i, part in enumerate(content))


def text_of(content: MessageContent) -> str:
    """Return a message as text: its texts, and of each other part what it is."""
    checked = check_content(content)
    if isinstance(checked, str):
        return checked
    return " ".join(
        part.text if isinstance(part, Text) else f"[{type(part).__name__}]" for part in checked
    )


def _part(part: object, place: str) -> Part:
    if isinstance(part, Part):
        return part
    if isinstance(part, str):
        return Text(check_text(part, place))
    if not isinstance(part, Mapping):
        raise CallerError(
            f"{place} is a {_name(part)}: give a text, ImageUrl, ImageFile, "
            "FileAttachment, FileUrl or FileData"
        )
    try:
        return _of_dict(part)
    except CallerError as error:
        raise CallerError(f"{place}: {error}") from error


# Parts in an API's own words ---------------------------------------------------------------------


def _of_dict(part: Mapping[str, Any]) -> Part:
    kind = part.get("type")
    known = {name: value for name, value in part.items() if name != "type" and value is not None}
    read = READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise CallerError(f"there is no part of type {kind!r}; there are {', '.join(READERS)}")
    made = read(known)
    if known:
        raise CallerError(f"{kind} has no {', '.join(map(repr, known))} here")
    return made


def _text(known: dict[str, Any]) -> Part:
    text = known.pop("text", None)
    if isinstance(text, Mapping) and not text.get("annotations"):
        text = text.get("value")
    return Text(text)


def _inner(kind: str, make: Callable[..., Part]) -> Callable[[dict[str, Any]], Part]:
    def read(known: dict[str, Any]) -> Part:
        inner = known.pop(kind, None)
        try:
            return make(**inner)
        except TypeError as error:
            told = f"has {sorted(inner)}" if isinstance(inner, dict) else f"is a {_name(inner)}"
            right = f"{{'type': {kind!r}, {kind!r}: {SHAPES[kind]}}}"
            raise CallerError(f"{kind} {told}: the API writes {right}") from error

    return read


def _input_image(known: dict[str, Any]) -> Part:
    detail = known.pop("detail", None)
    if "image_url" in known:
        return ImageUrl(known.pop("image_url"), detail)
    return ImageFile(known.pop("file_id", None), detail)


def _input_file(known: dict[str, Any]) -> Part:
    if "file_url" in known:
        return FileUrl(known.pop("file_url"))
    if "file_data" in known:
        return FileData(known.pop("filename", None), known.pop("file_data"))
    return FileAttachment(known.pop("file_id", None))


#: What stands in a part of the Assistants API, besides a `detail`.
SHAPES: Final = {"image_url": "{'url': 'https://...'}", "image_file": "{'file_id': 'file-...'}"}

READERS: Final[Mapping[str, Callable[[dict[str, Any]], Part]]] = {
    "text": _text,
    "input_text": _text,
    "image_url": _inner("image_url", ImageUrl),
    "image_file": _inner("image_file", ImageFile),
    "input_image": _input_image,
    "input_file": _input_file,
}


# Checks ------------------------------------------------------------------------------------------


def _name(value: object) -> str:
    return type(value).__name__


def _check(part: object, name: str, value: object) -> None:
    place = f"{type(part).__name__}.{name}"
    if not isinstance(value, str) or not value:
        told = repr(value) if value is None or value == "" else f"a {type(value).__name__}"
        raise CallerError(f"{place} is {told}: give a text that is not empty")
    check_text(value, place)


def _check_detail(part: object, detail: object) -> None:
    if detail not in DETAILS:
        place = f"{type(part).__name__}.detail"
        raise CallerError(f"{place} is {detail!r}: give 'auto', 'low' or 'high', or leave it out")
