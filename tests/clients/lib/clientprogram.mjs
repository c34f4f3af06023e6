// What `clientprogram.py` is for Python: play the scenarios, print what the client saw.
import net from "node:net";

export const WEATHER = "How is the weather in Oslo?";
export const ADA = "My name is Ada.";
export const QUESTION = "What is my name?";

// The calls of `getWeather` in this scenario.
export const calls = [];

export function getWeather({ city }) {
  calls.push({ name: "get_weather", arguments: { city } });
  return `Sun in ${city}`;
}

export const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

// Functions of the base URL and the key, by their scenarios; each returns what the client saw.
// What an answer by schema has.
export const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, degrees: { type: "integer" } },
  required: ["city", "degrees"],
  additionalProperties: false,
};

export async function play(scenarios) {
  const [baseURL, prefix, ...names] = process.argv.slice(2);
  for (const scenario of names) {
    const line = await played(scenarios[scenario], baseURL, `${prefix}-${scenario}`);
    console.log(JSON.stringify({ scenario, ...line }));
  }
  process.exit(0);  // some clients keep timers that hold a process up
}

// No client phones home from a test: only this machine is connected to.
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const [asked] = Array.isArray(args[0]) ? args[0] : args;
  if (!["127.0.0.1", "localhost", "::1"].includes(asked?.host)) {
    throw new Error(`a test connects to 127.0.0.1 only, not ${asked?.host}`);
  }
  return connect.apply(this, args);
};

async function played(scenario, baseURL, key) {
  calls.length = 0;
  try {
    return { outcome: "ok", saw: await scenario(baseURL, key) };
  } catch (error) {
    console.error(error);
    return { outcome: "failed", text: `${error.constructor.name}: ${error.message}` };
  }
}
