"""A message of the app's, in the words of each wire. Pure.

Rule: a part is said as the API's reference has it, or refused, before anything is sent; nothing is
left out. What the wires can say (openai-python 3.57: `beta.threads.MessageContentPartParam`,
`responses.ResponseInputContentParam`, `beta.InputContentParam`):

====================  ===========  =========  =========================
part                  Assistants   Responses  Agents
====================  ===========  =========  =========================
`Text`                yes          yes        yes
`ImageUrl`            yes          yes        yes, without a `detail`
`ImageFile`           yes          yes        no
`FileAttachment`      for a tool   yes        no
`FileUrl`             no           yes        no
`FileData`            no           yes        no
====================  ===========  =========  =========================
"""

from __future__ import annotations

from typing import Any, TypeAlias

from runfsm.driver.content import (
    FileAttachment,
    FileData,
    FileUrl,
    ImageFile,
    ImageUrl,
    MessageContent,
    Part,
    Text,
    check_content,
)
from runfsm.errors import CallerError

__all__ = ["agents_content", "assistants_message", "responses_content"]

Json: TypeAlias = dict[str, Any]

UPLOAD = "upload it (client.files.create), and give FileAttachment(file.id)"


# Assistants --------------------------------------------------------------------------------------


def assistants_message(content: MessageContent) -> Json:
    """Return a user's message as a body of the Assistants API.

    Raises:
        CallerError: it has no such part; the message says what to write instead.
    """
    checked = check_content(content)
    if isinstance(checked, str):
        return {"role": "user", "content": checked}
    files = [part for part in checked if isinstance(part, FileAttachment)]
    parts = [_assistants_part(part) for part in checked if not isinstance(part, FileAttachment)]
    if not parts:
        raise CallerError(
            "a message of the Assistants API has more than files: say ['Here it is.', "
            "FileAttachment(file_id)]"
        )
    attached = {"attachments": [_attachment(file) for file in files]} if files else {}
    return {"role": "user", "content": parts, **attached}


def _assistants_part(part: Part) -> Json:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case ImageUrl(url, detail):
            return {"type": "image_url", "image_url": {"url": url, **_detail(detail)}}
        case ImageFile(file_id, detail):
            return {"type": "image_file", "image_file": {"file_id": file_id, **_detail(detail)}}
    raise _cannot(part, "Assistants", UPLOAD)


def _attachment(file: FileAttachment) -> Json:
    tools = [{"type": tool} for tool in file.tools or ("file_search",)]
    return {"file_id": file.file_id, "tools": tools}


# Responses ---------------------------------------------------------------------------------------


def responses_content(content: MessageContent) -> str | list[Json]:
    """Return a user's message as the `content` of an item of the Responses API.

    Raises:
        CallerError: it cannot say that; the message says what to write instead.
    """
    checked = check_content(content)
    return checked if isinstance(checked, str) else [_responses_part(part) for part in checked]


def _responses_part(part: Part) -> Json:
    match part:
        case Text(text):
            return {"type": "input_text", "text": text}
        case ImageUrl(url, detail):
            return {"type": "input_image", "image_url": url, "detail": detail or "auto"}
        case ImageFile(file_id, detail):
            return {"type": "input_image", "file_id": file_id, "detail": detail or "auto"}
        case FileAttachment(file_id, ()):
            return {"type": "input_file", "file_id": file_id}
        case FileAttachment():
            raise CallerError(
                f"the Responses API has no tools for a file of a message, and this one names "
                f"{', '.join(part.tools)}: leave them out, and the model reads the file; or put it "
                f"into a vector store, or into the container of the code_interpreter tool"
            )
        case FileUrl(url):
            return {"type": "input_file", "file_url": url}
        case FileData(filename, data):
            return {"type": "input_file", "filename": filename, "file_data": data}


# Agents ------------------------------------------------------------------------------------------


def agents_content(content: MessageContent) -> str | list[Json]:
    """Return a user's message as the `content` of a session's input.

    Raises:
        CallerError: it cannot say that; the message says what to write instead.
    """
    checked = check_content(content)
    return checked if isinstance(checked, str) else [_agents_part(part) for part in checked]


def _agents_part(part: Part) -> Json:
    match part:
        case Text(text):
            return {"type": "input_text", "text": text}
        case ImageUrl(url, None):
            return {"type": "input_image", "image_url": url}
        case ImageUrl():
            raise CallerError("the Agents API has no detail of an image: leave it out")
    raise _cannot(part, "Agents", "give a text, or an image by its ImageUrl(url)")


def _detail(detail: str | None) -> Json:
    return {} if detail is None else {"detail": detail}


def _cannot(part: Part, api: str, right: str) -> CallerError:
    return CallerError(f"the {api} API has no {type(part).__name__} in a message: {right}")
