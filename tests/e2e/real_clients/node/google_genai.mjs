// Google's SDK for Node: a streamed generation.
import { GoogleGenAI } from "@google/genai";

const models = new GoogleGenAI({ apiKey: "test" }).models;
for await (const chunk of await models.generateContentStream({ model: "gemini-2.5-flash", contents: process.argv[2] }))
  process.stdout.write(chunk.text ?? "");
