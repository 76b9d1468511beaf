import {events, post} from "/static/streams.js";

export async function ask(prompt, view, file) {
  const references = file ? [{type: "file", path: file.name, content: await file.text()}] : [];
  const response = await post("/github/chat/threads/7f8a1c1e-0000-4000-8000-00000000000a/messages", {
    content: prompt, intent: "conversation", references, context: [], model: "gpt-5", streaming: true, mode: "immersive",
  });
  if (!response.ok) return view.fail((await response.json()).message);
  let said = "";
  for await (const event of events(response)) {
    const data = JSON.parse(event.data);
    if (data.type === "content") view.show(said += data.body);
    if (data.type === "error") view.fail(data.description);
  }
}
