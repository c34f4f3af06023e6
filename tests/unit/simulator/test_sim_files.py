"""Uploads: the form, the file, its content, its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfsm_simulator import Simulator
from runfsm_simulator.wire.files import PURPOSES
from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.wire.multipart import PARTS_MAX, form
from runfsm_simulator.wire.routes import MAX_BODY_BYTES
from runfsm_simulator.world import files as world_files

KEY = {"authorization": "Bearer sk-any"}
FORM = "multipart/form-data; boundary=xyz"


def part(name: str, value: bytes, more: str = "") -> bytes:
    """A field of a form."""
    head = f'Content-Disposition: form-data; name="{name}"{more}'.encode()
    return b"--xyz\r\n" + head + b"\r\n\r\n" + value + b"\r\n"


def upload(
    stage: Any,
    *parts: bytes,
    purpose: str = "vision",
    end: bytes = b"--xyz--\r\n",
    content_type: str = FORM,
) -> Response:
    """Post a form with these parts and a purpose; without the beta header."""
    body = b"".join([*parts, part("purpose", purpose.encode()), end])
    return stage.sim.handle(
        Request("POST", "/v1/files", {}, {**KEY, "content-type": content_type}, body)
    )


def a_file(value: bytes = b"Hello!", name: str = "a.txt") -> bytes:
    """The file of a form."""
    return part("file", value, f'; filename="{name}"\r\nContent-Type: text/plain')


def error(answer: Response) -> tuple[int, str, str | None]:
    """What an answer refuses: status, message, param."""
    told = answer.json()["error"]
    return answer.status, told["message"], told["param"]


def test_an_uploaded_file_is_there_at_once(stage: Any) -> None:
    """Key by key as recorded; and found again by its id, and in the list."""
    file = upload(stage, a_file()).json()

    assert {
        "object": "file",
        "id": file["id"],
        "purpose": "vision",
        "filename": "a.txt",
        "bytes": 6,
        "created_at": 1_700_000_000,
        "expires_at": None,
        "status": "processed",
        "status_details": None,
    } == file
    assert ["object", "id", "purpose", "filename", "bytes"] == list(file)[:5]
    assert file["id"].startswith("file-")
    assert file == stage.get(f"/v1/files/{file['id']}")
    page = stage.get("/v1/files")
    assert ([file], file["id"], False) == (page["data"], page["last_id"], page["has_more"])
    assert ["object", "data", "has_more", "first_id", "last_id"] == list(page)


VALUES = st.binary(max_size=200) | st.sampled_from(
    [b"\r\n--xy", b"x--xyz--", b"\r\n\r\n", b"\r", b"\n--xyz\n"]
)


@given(value=VALUES)
def test_the_content_comes_back_byte_for_byte(value: bytes) -> None:
    """Whatever is in it: line ends, dashes, or what looks nearly like a boundary."""
    stage = Simulator()
    body = a_file(value) + part("purpose", b"batch") + b"--xyz--"
    file = stage.handle(Request("POST", "/v1/files", {}, {**KEY, "content-type": FORM}, body))
    content = stage.handle(Request("GET", f"/v1/files/{file.json()['id']}/content", headers=KEY))

    assert (value, "application/octet-stream") == (content.body, content.headers["content-type"])


def test_the_content_has_the_headers_of_every_answer(stage: Any) -> None:
    """The request's id among them, and the name of the file."""
    file = upload(stage, a_file()).json()
    headers = stage.ask("GET", f"/v1/files/{file['id']}/content").headers

    assert 'attachment; filename="a.txt"' == headers["content-disposition"]
    assert {"x-request-id", "openai-version"} <= headers.keys()


@pytest.mark.parametrize(
    ("sent", "name", "given_out"),
    [
        ('; filename="你好.txt"', "你好.txt", "filename*=UTF-8''%E4%BD%A0%E5%A5%BD.txt"),
        ('; filename="=?utf-8?B?5L2g5aW9LnR4dA==?="', "你好.txt", None),
        ("; filename*=utf-8''%E4%BD%A0.txt", "你.txt", None),
        (r'; filename="a\"b.txt"', 'a"b.txt', "filename*=UTF-8''a%22b.txt"),
        ('; filename=""', "file", 'filename="file"'),
        ("", "file", None),
    ],
)
def test_the_name_of_a_file(stage: Any, sent: str, name: str, given_out: str | None) -> None:
    """As httpx and browsers, .NET, and RFC 5987 send it; given out so that a header can bear it."""
    file = upload(stage, part("file", b"x", sent)).json()

    assert name == file["filename"]
    if given_out:
        headers = stage.ask("GET", f"/v1/files/{file['id']}/content").headers
        assert f"attachment; {given_out}" == headers["content-disposition"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_purposes(stage: Any, purpose: str) -> None:
    """Each is taken, and leaves the files of that purpose in a list."""
    file = upload(stage, a_file(), purpose=purpose).json()
    upload(stage, a_file(), purpose=next(one for one in PURPOSES if one != purpose))

    assert [file] == stage.get("/v1/files", purpose=purpose)["data"]


@pytest.mark.parametrize("purpose", ["assistants", "user_data"])
def test_what_is_not_given_out(stage: Any, purpose: str) -> None:
    """The content of a file for assistants is refused, as the service did."""
    file = upload(stage, a_file(), purpose=purpose).json()

    assert (400, f"Not allowed to download files of purpose: {purpose}", None) == error(
        stage.ask("GET", f"/v1/files/{file['id']}/content")
    )


def test_a_purpose_that_there_is_not(stage: Any) -> None:
    """In the words that were recorded; nothing is stored."""
    purposes = "['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals']"
    message = f"'world_domination' is not one of {purposes} - 'purpose'"

    assert (400, message, "purpose") == error(upload(stage, a_file(), purpose="world_domination"))
    assert [] == stage.get("/v1/files")["data"]


@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("DELETE", ""), ("GET", "/content")])
@pytest.mark.parametrize("id", ["file-x", "fake_id"])
def test_a_file_that_is_not_there(stage: Any, method: str, end: str, id: str) -> None:
    """It is not found, whatever the id looks like (recorded)."""
    assert (404, f"No such File object: {id}", "id") == error(
        stage.ask(method, f"/v1/files/{id}{end}")
    )


def test_a_deleted_file_is_gone(stage: Any) -> None:
    """The answer names the object as it was; the keys are in an order of their own."""
    file_id = upload(stage, a_file()).json()["id"]
    answer = stage.delete(f"/v1/files/{file_id}")

    assert [("object", "file"), ("deleted", True), ("id", file_id)] == list(answer.items())
    assert 404 == stage.ask("GET", f"/v1/files/{file_id}").status


def test_a_file_expires(stage: Any) -> None:
    """At the second that it says; from then on it is not found."""
    wish = [
        part("expires_after[anchor]", b"created_at"),
        part("expires_after[seconds]", b"3600"),
    ]
    file = upload(stage, *wish, a_file()).json()
    stage.advance(3599)
    assert file == stage.get(f"/v1/files/{file['id']}")

    stage.advance(1)
    assert 3600 == file["expires_at"] - file["created_at"]
    assert 404 == stage.ask("GET", f"/v1/files/{file['id']}").status


@pytest.mark.parametrize(
    ("parts", "changes", "message"),
    [
        ([], {}, "'file' is a required property"),
        ([a_file()], {"content_type": "application/json"}, "is not a multipart/form-data form"),
        ([a_file()], {"content_type": ""}, "is not a multipart/form-data form"),
        ([a_file()], {"content_type": "multipart/form-data"}, "with a boundary"),
        ([a_file()], {"end": b""}, "the form has no end"),
        ([a_file()], {"end": b"--xyz"}, "the form has no end"),
        ([b"--xyz\r\n\r\nx\r\n"], {}, "a field has no name"),
        ([b"--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n"], {}, "a field has no name"),
        ([b'--xyz\r\nX: \xff; name="file"\r\n\r\nx\r\n'], {}, "are not UTF-8"),
        ([a_file()] * (PARTS_MAX + 1), {}, f"more than {PARTS_MAX} fields"),
        ([a_file(), part("nonsense", b"")], {}, "Unknown parameter: 'nonsense'."),
        (
            [a_file(), part("expires_after[seconds]", b"x")],
            {},
            "Missing required parameter: 'expires_after.anchor'.",
        ),
        ([a_file(), part("purpose[x]", b"")], {}, "is not one of"),
    ],
)
def test_a_form_with_a_mistake(
    stage: Any, parts: list[bytes], changes: dict[str, Any], message: str
) -> None:
    """It is told, and nothing is stored."""
    if message == "is not one of":
        changes = {"purpose": "x"}
    status, told, _ = error(upload(stage, *parts, **changes))

    assert (400, True) == (status, message in told), told
    assert [] == stage.get("/v1/files")["data"]


@given(body=st.binary(max_size=300), content_type=st.text(max_size=40) | st.just(FORM))
def test_no_form_is_ever_a_crash(body: bytes, content_type: str) -> None:
    """Whatever is sent as one, it is taken or it is the client's fault."""
    headers = {**KEY, "content-type": content_type}
    answer = Simulator().handle(Request("POST", "/v1/files", {}, headers, body))

    assert answer.status in {200, 400}


def test_a_name_is_the_last_of_its_kind() -> None:
    """Of two fields with one name, the last counts."""
    fields = form(FORM, part("a", b"1") + part("a", b"2") + b"--xyz--")

    assert b"2" == fields["a"].content


def test_uploads_are_bounded(
    make_stage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by the limit of every body; all together by what the simulator keeps in memory."""
    monkeypatch.setattr(world_files, "STORED_BYTES_MAX", 10)
    stage = make_stage()
    kept = upload(stage, a_file(b"x" * 10)).json()
    assert 413 == upload(stage, a_file(b"x")).status
    assert 413 == upload(stage, a_file(b"x" * MAX_BODY_BYTES)).status
    assert [kept] == stage.get("/v1/files")["data"]

    stage.delete(f"/v1/files/{kept['id']}")
    assert 200 == upload(stage, a_file(b"x")).status


def test_files_are_saved_and_restored(stage: Any) -> None:
    """With the world, and independently of what becomes of it."""
    file = upload(stage, a_file()).json()
    twin = stage.sim.fork()
    stage.delete(f"/v1/files/{file['id']}")

    assert [file["id"]] == list(twin.world.files.uploaded())


def test_the_client_uploads_and_downloads(stage: Any) -> None:
    """The official client's own forms, sync."""
    client = stage.sim.client()
    file = client.files.create(file=("你好.txt", b"\x00\r\n\xff"), purpose="vision")

    assert ("你好.txt", 4) == (file.filename, file.bytes)
    assert b"\x00\r\n\xff" == client.files.content(file.id).read()
    assert [file] == list(client.files.list())
    assert client.files.delete(file.id).deleted


def test_models(stage: Any) -> None:
    """The four keys that were recorded, and the words for a model that there is not."""
    models = stage.get("/v1/models")["data"]
    assert {
        "id": "gpt-4o-mini",
        "object": "model",
        "created": 1721172741,
        "owned_by": "system",
    } in models
    assert models[0] == stage.get(f"/v1/models/{models[0]['id']}")
    assert (404, "The model 'fake_id' does not exist", "model") == error(
        stage.ask("GET", "/v1/models/fake_id")
    )
