import {events, post} from "/static/streams.js";

export async function ask(prompt, view) {
  const response = await post("/api/graphql", {
    doc_id: "29ae946c82d1f301196c6ca2226400b5",
    variables: {
      content: prompt, conversationId: "c.0" + crypto.randomUUID(), turnId: crypto.randomUUID(), mode: "mode_fast", attachments: null,
      isNewConversation: true, userLocale: "en_US", clientTimezone: "UTC", entryPoint: "KADABRA__CHAT__UNIFIED_INPUT_BAR",
    },
  }, {accept: "text/event-stream", "x-fb-friendly-name": "useEctoSendMessageSubscription"});
  if (!response.ok) return view.fail((await response.json()).errors[0].message);
  for await (const event of events(response)) {
    if (event.name !== "next") continue;
    const {data, errors} = JSON.parse(event.data);
    if (errors) return view.fail(errors[0].message);
    const message = data.sendMessageStream;
    if (message.__typename === "AssistantMessage") view.show(message.content);
  }
}
