// Vercel's AI SDK with OpenAI: a streamed text.
import { createOpenAI } from "@ai-sdk/openai";
import { streamText } from "ai";

const openai = createOpenAI({ apiKey: "test" });
const result = streamText({ model: openai.chat("gpt-5"), prompt: process.argv[2], onError: ({ error }) => console.error(error) });
for await (const text of result.textStream) process.stdout.write(text);
