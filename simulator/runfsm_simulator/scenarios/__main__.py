"""Write the JSON Schema of script files beside the scenarios, where their first lines name it."""

from __future__ import annotations

from pathlib import Path

from runfsm_simulator.world.scriptfile import schema_text

Path(__file__).with_name("script.schema.json").write_text(schema_text(), encoding="utf-8")
