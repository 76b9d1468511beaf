import {events, post} from "/static/streams.js";

const CHAT = "/api/organizations/7f8a1c1e-0000-4000-8000-000000000005/chat_conversations/7f8a1c1e-0000-4000-8000-000000000006";

export async function ask(prompt, view, file) {
  const attachments = file
    ? [{file_name: file.name, file_type: file.type, file_size: file.size, extracted_content: await file.text()}] : [];
  const response = await post(`${CHAT}/completion`, {
    prompt, timezone: "UTC", model: "claude-sonnet-4-5", attachments, files: [], sync_sources: [], rendering_mode: "messages",
    personalized_styles: [], turn_message_uuids: {},
  }, {accept: "text/event-stream", "anthropic-client-platform": "web_claude_ai"});
  if (!response.ok) return view.fail((await response.json()).error.message);
  let said = "";
  for await (const event of events(response)) {
    const data = JSON.parse(event.data);
    if (data.type === "content_block_delta" && data.delta.type === "text_delta") view.show(said += data.delta.text);
    if (data.type === "error") view.fail(data.error.message);
  }
  await post(`${CHAT}/title`, {message_content: prompt, recent_titles: []});
}
