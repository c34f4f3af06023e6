// The AI SDK of Vercel with its OpenAI provider: generateText, streamText, generateObject.
import { createOpenAI } from "@ai-sdk/openai";
import { generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import {
  ADA, PARAMETERS, QUESTION, SCHEMA, WEATHER, calls, getWeather, play,
} from "./clientprogram.mjs";

const provider = (baseURL, apiKey) => createOpenAI({ baseURL, apiKey });
const made = (...where) => provider(...where).responses("gpt-4o");
const maxRetries = 0;

const get_weather = tool({
  description: "Tell the weather in a city.",
  inputSchema: jsonSchema(PARAMETERS),
  execute: getWeather,
});

async function tool_run(...where) {
  const { text } = await generateText({
    model: made(...where), prompt: WEATHER, tools: { get_weather }, stopWhen: stepCountIs(3),
    maxRetries,
  });
  return { calls, text };
}

// The history holds what the SDK itself gives for it: `response.messages`.
async function two_turns(...where) {
  const model = made(...where);
  const messages = [];
  const texts = [];
  for (const content of [ADA, QUESTION]) {
    messages.push({ role: "user", content });
    const { text, response } = await generateText({ model, messages, maxRetries });
    messages.push(...response.messages);
    texts.push(text);
  }
  return { texts };
}

async function stream(...where) {
  const { textStream } = streamText({ model: made(...where), prompt: "Count.", maxRetries });
  const pieces = [];
  for await (const piece of textStream) pieces.push(piece);
  return { text: pieces.join(""), pieces: pieces.length };
}

async function failed(...where) {
  try {
    await generateText({ model: made(...where), prompt: "Work.", maxRetries });
  } catch (error) {
    return { ended: "failed", why: error.message };
  }
  return { ended: "completed" };
}

async function incomplete(...where) {
  const { finishReason, text } = await generateText({
    model: made(...where), prompt: "Tell me why.", maxRetries,
  });
  return { ended: finishReason === "length" ? "incomplete" : finishReason, text };
}

async function failed_stream(...where) {
  let why = null;
  const onError = ({ error }) => { why = error.message ?? JSON.stringify(error); };
  const running = streamText({ model: made(...where), prompt: "Work.", maxRetries, onError });
  await running.consumeStream();
  return why === null ? { ended: "without an exception" } : { ended: "failed", why };
}

async function schema(...where) {
  const wanted = { schema: jsonSchema(SCHEMA), prompt: WEATHER, maxRetries };
  return { value: (await generateObject({ model: made(...where), ...wanted })).object };
}

async function web_search(...where) {
  const openai = provider(...where);
  const filters = { allowedDomains: ["example.com"] };
  const tools = { web_search: openai.tools.webSearch({ filters }) };
  const model = openai.responses("gpt-4o");
  return { text: (await generateText({ model, prompt: "?", tools, maxRetries })).text };
}

await play({
  tool_run, two_turns, stream, failed, incomplete, failed_stream, schema, web_search,
});
