"""Which files have mutants, and which tests are to kill them.

Of each area first the tests that are near: many facts in a second. Who survives them meets those
that are far: whole drives. What stands outside of functions needs a process of its own for each
mutant: there, first of all, what is quickly imported. What compares the table with a picture of
itself (`diagrams/`, `docs/`) is no test here: the picture is drawn anew by one command, from a
wrong table too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["AREAS", "Area"]


@dataclass(frozen=True)
class Area:
    """Files that the same tests are about.

    Attributes:
        folder: where the files are.
        files: their names, the rules first.
        near, far: what pytest is called with; each is a stage.
        bare: the same, for a stage before the first.
    """

    folder: str
    files: Sequence[str]
    near: Sequence[str]
    far: Sequence[str]
    bare: Sequence[str] = ()

    @property
    def tests(self) -> Sequence[str]:
        """All files of tests that could kill."""
        return [word for word in (*self.bare, *self.near, *self.far) if word.endswith(".py")]

    def chosen(self, only: Sequence[str] = ()) -> list[str]:
        """The files in whose path a part begins with one of these words; without words, all."""
        files = [f"{self.folder}/{name}" for name in self.files]
        return [it for it in files if not only or any(f"/{word}" in f"/{it}" for word in only)]


def _tests(*patterns: str) -> list[str]:
    """The files that fit, in the order of the patterns."""
    return [str(path) for pattern in patterns for path in sorted(Path().glob(pattern))]


#: What is decided is the same on every road: threads stand for all.
BY_THREADS: Final = ("-k", "not asyncio and not trio and not [async")

#: For tests that need no fixture of ours: `conftest.py` imports much.
BARE: Final = ("--noconftest",)

AREAS: Final = (
    Area(
        "src/runfsm/lifecycle",
        [
            "run.py",
            "response.py",
            "turn.py",
            "wires/chain.py",
            "wires/session.py",
            "table.py",
            "machine.py",
            "machine_class.py",
            "names.py",
            "tracker.py",
            "hindsight.py",
        ],
        near=_tests(
            "tests/unit/test_table*.py",
            "tests/unit/test_tracker*.py",
            "tests/unit/test_machine*.py",
            "tests/unit/test_responses_chain.py",
            "tests/unit/test_session_run.py",
            "tests/unit/test_wire*.py",
            "tests/unit/test_hindsight.py",
            "tests/unit/test_judge*.py",
            "tests/unit/test_journal_json.py",
        ),
        bare=[*_tests("tests/unit/test_table_entries.py"), *BARE],
        far=[
            *_tests(
                "tests/unit/test_core*.py",
                "tests/unit/simulator/test_sim_responses_life.py",
                "tests/unit/simulator/test_sim_agents_life.py",
                "tests/unit/simulator/test_sim_agents_events.py",
                "tests/unit/simulator/test_sim_agents_sessions.py",
                "tests/unit/simulator/test_sim_refusals.py",
                "tests/conformance/test_driver_seen.py",
            ),
            *BY_THREADS,
        ],
    ),
    Area(
        "src/runfsm/driver",
        [
            "decide.py",
            "admission.py",
            "lock.py",
            "retry.py",
            "answers.py",
            "core.py",
            "learn.py",
            "replies.py",
            "known.py",
            "pacing.py",
            "threadcore.py",
            "toolround.py",
            "underway.py",
        ],
        near=_tests(
            "tests/unit/test_core*.py",
            "tests/unit/test_admission*.py",
            "tests/unit/test_lock.py",
            "tests/unit/test_answers.py",
            "tests/unit/test_pacing*.py",
            "tests/unit/test_habits.py",
            "tests/unit/test_toolround.py",
            "tests/unit/test_underway.py",
            "tests/unit/test_unknown_status.py",
            "tests/unit/test_threadcore.py",
        ),
        far=[
            *_tests(
                "tests/conformance/test_driver_seen.py",
                "tests/conformance/test_driver_busy.py",
                "tests/conformance/test_driver_cancels.py",
                "tests/conformance/test_driver_tools.py",
                "tests/conformance/test_driver_webhooks.py",
                "tests/conformance/test_driver_idempotent.py",
                "tests/conformance/test_driver_oversize.py",
                "tests/conformance/test_driver_reentry.py",
                "tests/conformance/test_driver_reruns.py",
                "tests/conformance/test_driver_tool_errors.py",
                "tests/conformance/test_driver_storm_regressions.py",
                "tests/conformance/test_chain_storm_regressions.py",
                "tests/conformance/test_responses_backend.py",
                "tests/conformance/test_responses_lookalikes.py",
                "tests/conformance/test_agents_backend.py",
                "tests/conformance/test_faults_lies.py",
                "tests/conformance/test_faults_cancels.py",
            ),
            *BY_THREADS,
        ],
    ),
    Area(
        "src/runfsm/driver",
        [
            "rerun.py",
            "keysearch.py",
            "oversize.py",
            "reentry.py",
            "forked.py",
            "spelling.py",
        ],
        near=_tests(
            "tests/unit/test_core_idempotent.py",
            "tests/unit/test_core_oversize.py",
            "tests/unit/test_core_reruns.py",
            "tests/unit/test_forked.py",
            "tests/unit/test_reentry.py",
            "tests/unit/test_unknown_status.py",
        ),
        far=[
            *_tests(
                "tests/conformance/test_driver_idempotent.py",
                "tests/conformance/test_driver_oversize.py",
                "tests/conformance/test_driver_reentry.py",
                "tests/conformance/test_driver_reruns.py",
            ),
            *BY_THREADS,
        ],
    ),
    Area(
        "simulator/runfsm_simulator/world",
        [
            "engine.py",
            "effects.py",
            "operations.py",
            "agenda.py",
            "models.py",
            "responsemodels.py",
        ],
        near=_tests(
            "tests/unit/simulator/test_sim_lock.py",
            "tests/unit/simulator/test_sim_time.py",
            "tests/unit/simulator/test_sim_fields.py",
            "tests/unit/simulator/test_sim_limits.py",
            "tests/unit/simulator/test_sim_refusals.py",
            "tests/unit/simulator/test_sim_storm.py",
            "tests/unit/simulator/test_sim_storm_calls.py",
            "tests/unit/simulator/test_sim_storm_runs.py",
            "tests/unit/simulator/test_sim_engine.py",
            "tests/unit/simulator/test_sim_operations.py",
            "tests/unit/simulator/test_sim_thread_cap.py",
            "tests/unit/simulator/test_sim_caps.py",
            "tests/unit/simulator/test_sim_hosted_tools.py",
            "tests/unit/simulator/test_sim_control.py",
            "tests/unit/simulator/test_sim_worlds.py",
            "tests/unit/simulator/test_sim_saving.py",
            "tests/unit/simulator/test_sim_stream_orders.py",
            "tests/unit/simulator/test_sim_pacing.py",
            "tests/unit/simulator/test_sim_request_way.py",
            "tests/unit/simulator/test_sim_switches*.py",
        ),
        far=[
            *_tests(
                "tests/unit/simulator/test_sim_responses_life.py",
                "tests/unit/simulator/test_sim_responses_hops.py",
                "tests/unit/simulator/test_sim_responses_stream.py",
                "tests/unit/simulator/test_sim_responses_powers.py",
                "tests/unit/simulator/test_sim_conversations.py",
                "tests/unit/simulator/test_sim_output.py",
                "tests/unit/simulator/test_sim_stream_payloads.py",
                "tests/unit/simulator/test_sim_agents_life.py",
                "tests/unit/simulator/test_sim_agents_events.py",
                "tests/unit/simulator/test_sim_agents_sessions.py",
                "tests/unit/simulator/test_sim_agents_powers.py",
                "tests/unit/simulator/test_sim_agents_webhooks.py",
                "tests/unit/simulator/test_sim_determinism.py",
                "tests/unit/simulator/test_sim_files.py",
                "tests/unit/simulator/test_sim_vector_stores.py",
                "tests/unit/simulator/test_sim_webhooks.py",
                "tests/unit/simulator/test_coverage_clerk.py",
                "tests/conformance/test_driver_cancels.py",
                "tests/conformance/test_driver_tools.py",
            ),
            *BY_THREADS,
        ],
    ),
    Area(
        "simulator/runfsm_simulator/world",
        ["clock.py"],
        near=_tests("tests/unit/test_virtual_clock*.py"),
        far=_tests(
            "tests/unit/test_clock.py",
            "tests/unit/simulator/test_sim_time.py",
            "tests/unit/simulator/test_sim_pacing.py",
            "tests/unit/simulator/test_sim_webhooks.py",
            "tests/conformance/test_driver_tools.py",
        ),
    ),
    Area(
        "simulator/runfsm_simulator/world",
        ["turnsteps.py"],
        near=_tests(
            "tests/unit/simulator/test_sim_message_steps.py",
            "tests/unit/test_script_model.py",
        ),
        far=_tests(
            "tests/unit/test_script_arguments.py",
            "tests/unit/test_script_citations.py",
            "tests/unit/simulator/test_sim_hosted_tools.py",
        ),
    ),
)
