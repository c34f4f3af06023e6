// What an app on Node does with the Assistants API, through the unmodified official client. Prints
// one JSON object of what it has seen; the Python test says what that should be.
// Usage: node life.mjs BASE_URL tools|stream|expiry
import { pathToFileURL } from "node:url";
import path from "node:path";

const modules = process.env.NODE_SDK;
const { default: OpenAI } = await import(
  pathToFileURL(path.join(modules, "node_modules/openai/index.mjs")).href
);
const [baseURL, what] = process.argv.slice(2);
const client = new OpenAI({ apiKey: "sk-any", baseURL });
const { assistants, threads } = client.beta;

const assistant = await assistants.create({
  model: "gpt-4o",
  instructions: "You are a weather bot.",
  tools: [{
    type: "function",
    function: {
      name: "get_weather",
      parameters: {
        type: "object",
        properties: { city: { type: "string", enum: ["Oslo"] } },
        required: ["city"],
      },
    },
  }],
});
const thread = await threads.create({ messages: [{ role: "user", content: "How is the weather?" }] });

const outputsFor = (run) => run.required_action.submit_tool_outputs.tool_calls.map((call) => ({
  tool_call_id: call.id,
  output: `Sun in ${JSON.parse(call.function.arguments).city}.`,
}));
const text = async () => (await threads.messages.list(thread.id)).data[0].content[0].text.value;

async function tools() {
  const asked = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  const done = await threads.runs.submitToolOutputsAndPoll(asked.id, {
    thread_id: thread.id,
    tool_outputs: outputsFor(asked),
  });
  return { statuses: [asked.status, done.status], text: await text() };
}

async function stream() {
  const events = [];
  const hear = async (leg) => {
    for await (const { event } of leg) events.push(event);
    return leg.finalRun();
  };
  const asked = await hear(threads.runs.stream(thread.id, { assistant_id: assistant.id }));
  const done = await hear(threads.runs.submitToolOutputsStream(asked.id, {
    thread_id: thread.id,
    tool_outputs: outputsFor(asked),
  }));
  return { statuses: [asked.status, done.status], events, text: await text() };
}

async function expiry() {
  const began = performance.now();
  const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  return { statuses: [run.status], wall_ms: Math.round(performance.now() - began) };
}

console.log(JSON.stringify(await { tools, stream, expiry }[what]()));
