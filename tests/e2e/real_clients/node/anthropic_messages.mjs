// Anthropic's SDK for Node: a streamed message.
import Anthropic from "@anthropic-ai/sdk";

const messages = [{ role: "user", content: process.argv[2] }];
const stream = new Anthropic().messages.stream({ model: "claude-sonnet-4-5", max_tokens: 200, messages });
stream.on("text", (text) => process.stdout.write(text));
await stream.finalMessage();
