// The official client for Node: its helpers createAndPoll, stream, submitToolOutputsAndPoll.
import OpenAI from "openai";
import { ADA, PARAMETERS, QUESTION, WEATHER, calls, getWeather, play } from "./clientprogram.mjs";

const TOOL = { type: "function", function: { name: "get_weather", parameters: PARAMETERS } };

async function conversation(baseURL, apiKey) {
  const { assistants, threads } = new OpenAI({ baseURL, apiKey }).beta;
  const assistant = await assistants.create({ model: "gpt-4o", tools: [TOOL] });
  const thread = await threads.create();
  const say = (content) => threads.messages.create(thread.id, { role: "user", content });
  const ids = { assistant_id: assistant.id };
  return {
    runs: threads.runs,
    thread_id: thread.id,
    ids,
    say,
    run: async (text) => {
      await say(text);
      return threads.runs.createAndPoll(thread.id, ids);
    },
    text: async () => (await threads.messages.list(thread.id)).data[0].content[0].text.value,
  };
}

async function tool_run(...where) {
  const it = await conversation(...where);
  const run = await it.run(WEATHER);
  const tool_outputs = run.required_action.submit_tool_outputs.tool_calls.map((call) => ({
    tool_call_id: call.id,
    output: getWeather(JSON.parse(call.function.arguments)),
  }));
  await it.runs.submitToolOutputsAndPoll(run.id, { thread_id: it.thread_id, tool_outputs });
  return { calls, text: await it.text() };
}

async function two_turns(...where) {
  const it = await conversation(...where);
  const texts = [];
  for (const said of [ADA, QUESTION]) {
    await it.run(said);
    texts.push(await it.text());
  }
  return { texts };
}

async function stream(...where) {
  const it = await conversation(...where);
  await it.say("Count.");
  const pieces = [];
  const events = it.runs.stream(it.thread_id, it.ids);
  events.on("textDelta", (delta) => pieces.push(delta.value));
  await events.finalRun();
  return { text: pieces.join(""), pieces: pieces.length };
}

async function cancel(...where) {
  const it = await conversation(...where);
  await it.say("Work.");
  const run = await it.runs.create(it.thread_id, it.ids);
  await it.runs.cancel(run.id, { thread_id: it.thread_id });
  return { ended: (await it.runs.poll(run.id, { thread_id: it.thread_id })).status };
}

async function failed(...where) {
  const run = await (await conversation(...where)).run("Work.");
  return { ended: run.status, why: run.last_error.message };
}

async function incomplete(...where) {
  const it = await conversation(...where);
  const run = await it.run("Tell me why.");
  return { ended: run.status, text: await it.text() };
}

async function expired(...where) {
  return { ended: (await (await conversation(...where)).run("Work.")).status };
}

await play({ tool_run, two_turns, stream, cancel, failed, incomplete, expired });
