"""The run that the documentation of the API tells of: two calls at once, then the answer."""

from __future__ import annotations

from runfsm_simulator import Call, Script, calls, say

WEATHER = Script.of(
    calls(Call(name="getCurrentWeather"), Call(name="getNickname"), queue_s=1, work_s=2),
    say("It is 72 °F in Los Angeles, also known as LA.", queue_s=1, work_s=2),
)
