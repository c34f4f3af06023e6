"""The plugin of pytest in sessions of its own: fixtures, markers, and what is told of a failure."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

#: What is too heavy for a plugin that every pytest run loads.
HEAVY = ("openai", "pydantic", "rich", "runfsm", "runfsm_simulator")


@pytest.fixture(autouse=True)
def quiet(pytester: pytest.Pytester) -> None:
    """The client's own deprecation warnings are no matter of these tests."""
    pytester.makeini("[pytest]\nfilterwarnings = ignore::DeprecationWarning\n")


def test_it_costs_nothing_before_it_is_used(pytester: pytest.Pytester) -> None:
    """A session without a simulator imports none of what a simulator needs."""
    pytester.makepyfile(
        f"""
        import sys

        def test_nothing_heavy(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("runfsm")
            assert [] == [name for name in {HEAVY} if name in sys.modules]
        """
    )
    command = [sys.executable, "-m", "pytest", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=pytester.path)  # noqa: S603  # ourselves

    assert 0 == done.returncode, done.stdout


def test_the_fixtures_are_one_simulator(pytester: pytest.Pytester) -> None:
    """Client, clock and simulator of a test belong together; another test has others."""
    pytester.makepyfile(
        """
        from runfsm_simulator import Simulator

        seen = []

        def test_one(simulator, openai_client, async_openai_client, virtual_clock):
            assert isinstance(simulator, Simulator)
            assert simulator.clock is virtual_clock
            assistant = openai_client.beta.assistants.create(model="gpt-4o")
            assert assistant.id in simulator.world.store.assistants
            assert "AsyncOpenAI" == type(async_openai_client).__name__
            seen.append(simulator)

        def test_another(simulator):
            assert simulator not in seen
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_markers_make_the_simulator(pytester: pytest.Pytester) -> None:
    """A script by itself, as a file beside the test and by a shipped name; a seed; a storm."""
    (pytester.path / "hello.yaml").write_text("turns: [{say: Hello from a file!}]\n")
    pytester.makepyfile(
        """
        import pytest
        from runfsm_simulator import Script, Storm, say, scenarios

        SCRIPT = Script.of(say("Hello!"))

        @pytest.mark.runfsm_script(SCRIPT)
        @pytest.mark.runfsm_faults(Storm(timeout=0.5))
        def test_values(simulator):
            assert SCRIPT is simulator.world.planner
            assert Storm(timeout=0.5) == simulator.world.storm

        @pytest.mark.runfsm_script("hello.yaml")
        @pytest.mark.runfsm_faults("timeout", stale_look=0.7)
        def test_names(simulator):
            assert "Hello from a file!" == simulator.world.planner.turns[0].say
            assert Storm(timeout=0.2, stale_look=0.7) == simulator.world.storm

        @pytest.mark.runfsm_script("weather")
        def test_a_scenario(simulator):
            assert scenarios.load("weather") == simulator.world.planner

        @pytest.mark.parametrize("n", [1, 2])
        @pytest.mark.runfsm_seed(7)
        def test_seed(simulator, n, request):
            from runfsm_simulator import Seeded
            expected = 5 if request.config.getoption("runfsm_seed") else 7
            assert Seeded(expected).ident("thread") == simulator.create_thread()
        """
    )
    pytester.runpytest("--strict-markers").assert_outcomes(passed=5)
    pytester.runpytest("--runfsm-seed=5", "-k", "test_seed").assert_outcomes(passed=2, deselected=3)


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("runfsm_seed('x')", "*runfsm_seed('x'): give one whole number: runfsm_seed(7)*"),
        ("runfsm_seed(True)", "*runfsm_seed(True): give one whole number*"),
        ("runfsm_seed(1, 2)", "*give one whole number*"),
        ("runfsm_script()", "*runfsm_script(): give one script: *"),
        ("runfsm_script(7)", "*runfsm_script(7): give one script: *weather*"),
        ("runfsm_script('nope')", "*no such scenario; there are *weather*"),
        ("runfsm_script('nope.yaml')", "*nope.yaml: not a valid script*"),
        ("runfsm_faults()", "*runfsm_faults(): give a Storm, or fields of it*"),
        ("runfsm_faults('rain')", "*there are rate_limited, quota*"),
        ("runfsm_faults(timeout=20)", "*give a probability, 0 to 1, as timeout=0.2*"),
        ("runfsm_faults(3)", "*give a Storm, or fields of it*"),
    ],
)
def test_a_wrong_marker_says_what_to_write(
    pytester: pytest.Pytester, marker: str, told: str
) -> None:
    """The test is an error, without a traceback, and with the right call."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.{marker}
        def test_it(simulator):
            pass
        """
    )
    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([told])
    result.stdout.no_fnmatch_line("*Traceback*")


FAILING = """
    import pytest
    from runfsm_simulator import Script, say

    @pytest.mark.runfsm_script(Script.of(say("A secret answer.", queue_s=1, work_s=2)))
    def test_it(openai_client, simulator):
        assistant = openai_client.beta.assistants.create(model="gpt-4o", instructions="Hi")
        messages = [{"role": "user", "content": "A secret question."}]
        thread = openai_client.beta.threads.create(messages=messages)
        runs = openai_client.beta.threads.runs
        run = runs.create(thread.id, assistant_id=assistant.id)
        simulator.clock.advance(3)
        run = runs.retrieve(run.id, thread_id=thread.id)
        assert "failed" == run.status
    """


def test_a_failure_tells_what_happened(pytester: pytest.Pytester) -> None:
    """Seed, script, requests and edges in their order, and the command; no texts of anybody."""
    pytester.makepyfile(FAILING)
    result = pytester.runpytest("--tb=short", "--runfsm-seed=7")

    result.stdout.fnmatch_lines(
        [
            "runfsm: --runfsm-seed=7",
            "seed 7, script: Script",
            "*0.000 s    run_* (created) --create--> queued  (client)",
            "*0.000 s  POST /v1/threads/thread_*/runs 200",
            "*1.000 s    run_* queued --start--> in_progress  (service)",
            "*3.000 s    run_* in_progress --complete--> completed  (service)",
            "*3.000 s  GET /v1/threads/thread_*/runs/run_* 200",
            "again: pytest test_a_failure_tells_what_happened.py::test_it --runfsm-seed=7",
        ]
    )
    result.stdout.no_fnmatch_line("*secret*")


def test_the_command_makes_the_same_run(pytester: pytest.Pytester) -> None:
    """Run with the seed that a failure told, the timeline is the same to the letter."""
    pytester.makepyfile(FAILING)

    def timeline(*options: str) -> list[str]:
        lines = pytester.runpytest("--tb=short", *options).outlines
        return [line for line in lines if " s  " in line]

    first, again = timeline("--runfsm-seed=7"), timeline("--runfsm-seed=7")
    assert first
    assert first == again
    assert first != timeline("--runfsm-seed=8")


def test_a_long_story_is_told_from_its_end(pytester: pytest.Pytester) -> None:
    """Of a hundred requests the latest sixty lines are shown, and how many came before."""
    pytester.makepyfile(
        """
        def test_it(simulator):
            for _ in range(100):
                simulator.create_thread()
                client = simulator.client()
                client.models.list()
            assert False
        """
    )
    result = pytester.runpytest("--tb=short")

    result.stdout.fnmatch_lines(["*... 40 earlier lines", "*GET /v1/models 200"])


def test_a_test_without_a_simulator_is_left_alone(pytester: pytest.Pytester) -> None:
    """Its failure has no section of ours; nor has that of a fixture of the same name."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def simulator():
            return "mine"

        def test_mine(simulator):
            assert "yours" == simulator

        def test_none():
            assert False
        """
    )
    result = pytester.runpytest("--tb=short")

    result.assert_outcomes(failed=2)
    result.stdout.no_fnmatch_line("*runfsm-seed*")


def test_a_drawn_seed_is_told(pytester: pytest.Pytester) -> None:
    """`random` draws a seed, and says which in the header, for the next run."""
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest("--runfsm-seed=random")

    result.stdout.re_match_lines([r"runfsm: --runfsm-seed=\d+$"])


def test_a_seed_that_is_none(pytester: pytest.Pytester) -> None:
    """pytest refuses the option before any test runs."""
    result = pytester.runpytest("--runfsm-seed=often")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["*--runfsm-seed*often*"])
