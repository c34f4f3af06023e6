"""What a row of the page is, and what it may rest on."""

from __future__ import annotations

from typing import Final, NamedTuple

from runfsm.lifecycle import Confidence, Evidence

DOTNET: Final = Evidence("recordings: openai-dotnet 2025", Confidence.CERTAIN)
RUBY: Final = Evidence("recordings: ruby-openai", Confidence.CERTAIN)
ALIKE: Final = Evidence(
    "one recording; openai-dotnet 2025 has the same of the code interpreter", Confidence.CERTAIN
)
SIMPLE: Final = Evidence("recording: simple-openai 2024-05", Confidence.CERTAIN)
REPORTS: Final = Evidence("public reports; see the refusals below", Confidence.CERTAIN)
SCHEMA: Final = Evidence("openai/openai-openapi 2.3.0", Confidence.LIKELY)
CLIENT: Final = Evidence("types of openai-python 2.54 and 3.54", Confidence.LIKELY)
DOCS: Final = Evidence("documentation: how Assistants work", Confidence.LIKELY)
AZURE: Final = Evidence("azure-ai-agentserver-responses 2.3.0 on PyPI", Confidence.LIKELY)
BACKGROUND: Final = Evidence("background guide of 2026-11", Confidence.LIKELY)
REFERENCE: Final = Evidence("reference of the Responses API, 2026-11", Confidence.LIKELY)
RESPONSE_REPORTS: Final = Evidence("public reports; see the refusals below", Confidence.LIKELY)
AGENT_TYPES: Final = Evidence("types of openai-python 3.54", Confidence.LIKELY)
SESSIONS_GUIDE: Final = Evidence("sessions guide of 2026-11", Confidence.LIKELY)
PROBES: Final = Evidence(
    "MiniMax-AI/OpenAgentCore: probes of the live service, 2026-09", Confidence.LIKELY
)
GUESS: Final = Evidence("no evidence: the likelier of two", Confidence.INFERRED)
OURS: Final = Evidence("the simulator's own", Confidence.INFERRED)


class Row(NamedTuple):
    """One behaviour: why we believe it, and the test that shows it (`file::function`)."""

    behaviour: str
    evidence: Evidence
    test: str


LIST: Final = Row("pages by limit, order, after and before", DOTNET, "test_sim_lists::test_pages")
DELETE: Final = Row(
    "names its object, and is gone", RUBY, "test_sim_bodies::test_what_is_deleted_is_gone"
)
