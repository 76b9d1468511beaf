// OpenAI's SDK for Node: a streamed chat completion.
import OpenAI from "openai";

const messages = [{ role: "user", content: process.argv[2] }];
for await (const chunk of await new OpenAI().chat.completions.create({ model: "gpt-5", messages, stream: true }))
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
