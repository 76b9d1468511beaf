// Ollama's client for Node at Ollama's cloud: a streamed chat.
import { Ollama } from "ollama";

const messages = [{ role: "user", content: process.argv[2] }];
const client = new Ollama({ host: "https://ollama.com" });
for await (const chunk of await client.chat({ model: "gpt-oss:120b", messages, stream: true }))
  process.stdout.write(chunk.message.content);
