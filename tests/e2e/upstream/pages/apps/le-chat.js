import {lines, post} from "/static/streams.js";

const messages = {};

function apply(id, change) {
  const keys = (Array.isArray(change.path) ? change.path : change.path.split("/")).filter((key) => key !== "");
  if (!keys.length) return void (messages[id] = change.value);
  const last = keys.pop();
  const holder = keys.reduce((value, key) => value[key], messages[id]);
  if (change.op === "append") holder[last] += change.value;
  else holder[last] = change.value;
}

export async function ask(prompt, view) {
  const created = await post("/api/trpc/message.newChat?batch=1", {
    0: {json: {content: [{type: "text", text: prompt}], agentId: null, files: [], features: [], incognito: false}},
  });
  const [result] = await created.json();
  if (result.error) return view.fail(result.error.json.message);
  const chatId = result.result.data.json.chatId;
  const response = await post("/api/chat", {chatId, mode: "start", features: [], disabledFeatures: [], shouldUseMessagePatch: true});
  for await (const line of lines(response)) {
    const [, code, json] = /^(\w+):(.*)$/s.exec(line);
    if (code !== "15") continue;
    const {messageId, patches} = JSON.parse(json).json;
    patches.forEach((change) => apply(messageId, change));
    const message = messages[messageId];
    if (message.role === "assistant" && message.contentChunks) {
      view.show(message.contentChunks.map((chunk) => chunk.text).join(""));
    }
  }
}
