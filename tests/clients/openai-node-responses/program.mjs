// The official client for Node: responses.create, stream, retrieve, cancel.
import OpenAI, { APIError } from "openai";
import {
  ADA, PARAMETERS, QUESTION, SCHEMA, WEATHER, calls, getWeather, play,
} from "./clientprogram.mjs";

const TOOL = { type: "function", name: "get_weather", strict: true, parameters: PARAMETERS };
const model = "gpt-4o";
const made = (baseURL, apiKey) => new OpenAI({ baseURL, apiKey }).responses;

async function finished(responses, response) {
  while (["queued", "in_progress"].includes(response.status)) {
    response = await responses.retrieve(response.id);
  }
  return response;
}

async function tool_run(...where) {
  const responses = made(...where);
  const first = await responses.create({ model, input: WEATHER, tools: [TOOL] });
  const input = first.output.filter((item) => item.type === "function_call").map((item) => ({
    type: "function_call_output",
    call_id: item.call_id,
    output: getWeather(JSON.parse(item.arguments)),
  }));
  const previous_response_id = first.id;
  const second = await responses.create({ model, input, tools: [TOOL], previous_response_id });
  return { calls, text: second.output_text };
}

async function two_turns(...where) {
  const responses = made(...where);
  const first = await responses.create({ model, input: ADA });
  const second = await responses.create({
    model, input: QUESTION, previous_response_id: first.id,
  });
  return { texts: [first.output_text, second.output_text] };
}

async function stream(...where) {
  const events = made(...where).stream({ model, input: "Count." });
  const pieces = [];
  events.on("response.output_text.delta", (event) => pieces.push(event.delta));
  const text = (await events.finalResponse()).output_text;
  return { text: text === pieces.join("") ? text : pieces, pieces: pieces.length };
}

async function cancel(...where) {
  const responses = made(...where);
  const response = await responses.create({ model, input: "Work.", background: true });
  await responses.cancel(response.id);
  return { ended: (await finished(responses, await responses.retrieve(response.id))).status };
}

async function failed(...where) {
  const response = await made(...where).create({ model, input: "Work." });
  return { ended: response.status, why: response.error.message };
}

async function incomplete(...where) {
  const response = await made(...where).create({ model, input: "Tell me why." });
  return { ended: response.status, text: response.output_text };
}

async function background(...where) {
  const responses = made(...where);
  const response = await responses.create({ model, input: "Count.", background: true });
  return { text: (await finished(responses, response)).output_text };
}

// Its iterator throws at the `error` event, before it shows `response.failed`.
async function failed_stream(...where) {
  let last = null;
  try {
    for await (const event of await made(...where).create({ model, input: "Go.", stream: true })) {
      last = event.type;
    }
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return { ended: "failed", why: error.message };
  }
  return { ended: `without an exception: ${last}` };
}

async function schema(...where) {
  const format = { type: "json_schema", name: "report", schema: SCHEMA, strict: true };
  const response = await made(...where).create({ model, input: WEATHER, text: { format } });
  return { value: JSON.parse(response.output_text) };
}

async function web_search(...where) {
  const tool = {
    type: "web_search",
    filters: { allowed_domains: ["example.com"] },
    user_location: { type: "approximate", city: "Oslo" },
  };
  return { text: (await made(...where).create({ model, input: "?", tools: [tool] })).output_text };
}

await play({
  tool_run, two_turns, stream, cancel, failed, incomplete,
  background, failed_stream, schema, web_search,
});
