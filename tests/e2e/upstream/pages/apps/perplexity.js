import {events, post} from "/static/streams.js";

function patch(block, change) {
  const keys = change.path.split("/").filter(Boolean);
  if (!keys.length) return Object.assign(block, change.value);
  const last = keys.pop();
  const holder = keys.reduce((value, key) => value[key], block);
  if (Array.isArray(holder) && last === "-") holder.push(change.value);
  else holder[last] = change.value;
}

export async function ask(prompt, view) {
  const response = await post("/rest/sse/perplexity_ask", {
    query_str: prompt,
    params: {
      dsl_query: prompt, attachments: [], frontend_uuid: crypto.randomUUID(), frontend_context_uuid: crypto.randomUUID(),
      language: "en-US", mode: "copilot", model_preference: "pplx_pro", sources: ["web"], is_incognito: false, version: "2.18",
    },
  }, {accept: "text/event-stream"});
  if (!response.ok) return view.fail("Something went wrong.");
  const blocks = {};
  for await (const event of events(response)) {
    const entry = JSON.parse(event.data);
    for (const block of entry.blocks || []) {
      const own = blocks[block.intended_usage] = blocks[block.intended_usage] || {};
      if (block.markdown_block) own.markdown_block = block.markdown_block;
      if (block.diff_block) {
        const field = own[block.diff_block.field] = own[block.diff_block.field] || {};
        block.diff_block.patches.forEach((change) => patch(field, change));
      }
    }
    const answer = blocks.ask_text && blocks.ask_text.markdown_block;
    if (answer) view.show(answer.answer || answer.chunks.join(""));
  }
}
