// The OpenAI Agents SDK for JavaScript: Runner.run, with and without a stream.
import {
  Agent, MemorySession, OpenAIProvider, Runner, tool, webSearchTool,
} from "@openai/agents";
import OpenAI from "openai";
import {
  ADA, PARAMETERS, QUESTION, SCHEMA, WEATHER, calls, getWeather, play,
} from "./clientprogram.mjs";

const get_weather = tool({
  name: "get_weather",
  description: "Tell the weather in a city.",
  parameters: PARAMETERS,
  strict: true,
  execute: getWeather,
});

function made(baseURL, apiKey, more = {}) {
  const openAIClient = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  const modelProvider = new OpenAIProvider({ openAIClient, useResponses: true });
  const runner = new Runner({ modelProvider, tracingDisabled: true });
  const agent = new Agent({ name: "Ada's", model: "gpt-4o", ...more });
  return (said, how = {}) => runner.run(agent, said, how);
}

async function tool_run(...where) {
  const { finalOutput } = await made(...where, { tools: [get_weather] })(WEATHER);
  return { calls, text: finalOutput };
}

async function two_turns(...where) {
  const run = made(...where);
  const session = new MemorySession();
  const texts = [];
  for (const said of [ADA, QUESTION]) texts.push((await run(said, { session })).finalOutput);
  return { texts };
}

async function stream(...where) {
  const running = await made(...where)("Count.", { stream: true });
  const pieces = [];
  for await (const piece of running.toTextStream()) pieces.push(piece);
  const whole = running.finalOutput;
  return { text: whole === pieces.join("") ? whole : pieces, pieces: pieces.length };
}

async function failed(...where) {
  try {
    const { finalOutput } = await made(...where)("Work.");
    return { ended: `without an exception: ${finalOutput}` };
  } catch (error) {
    return { ended: "failed", why: error.message };
  }
}

async function incomplete(...where) {
  try {
    const { finalOutput, rawResponses } = await made(...where)("Tell me why.");
    return { ended: rawResponses[0].providerData?.status, text: finalOutput };
  } catch (error) {
    return { ended: /incomplete/.test(error.message) ? "incomplete" : error.message };
  }
}

// The error does not say why; the raw event that comes before it does.
async function failed_stream(...where) {
  let why = null;
  try {
    const running = await made(...where)("Work.", { stream: true });
    for await (const { data } of running) {
      why ??= data?.event?.response?.error?.message;
    }
    return { ended: `without an exception: ${running.finalOutput}` };
  } catch (error) {
    return { ended: "failed", why: why ?? error.message };
  }
}

async function schema(...where) {
  const outputType = { type: "json_schema", name: "report", strict: true, schema: SCHEMA };
  return { value: (await made(...where, { outputType })(WEATHER)).finalOutput };
}

async function web_search(...where) {
  const tools = [webSearchTool({ filters: { allowedDomains: ["example.com"] } })];
  return { text: (await made(...where, { tools })("?")).finalOutput };
}

await play({
  tool_run, two_turns, stream, failed, incomplete, failed_stream, schema, web_search,
});
