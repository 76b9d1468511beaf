import {events, place, post} from "/static/streams.js";

const steps = (path) => path.split("/").map((step) => (/^-?\d+$/.test(step) ? Number(step) : step));

function apply(state, change, under = "") {
  if (change.p !== undefined) state.path = under + change.p;
  if (change.p !== undefined || change.o !== undefined) state.operation = change.o;
  if (state.operation === "BATCH") {
    const path = state.path + "/";
    return change.v.forEach((inner) => apply({root: state.root, path: "", operation: ""}, inner, path));
  }
  if (!state.path) return Object.assign(state.root, change.v);
  const [holder, key] = place(state.root, steps(state.path));
  if (Array.isArray(holder[key]) && state.operation === "APPEND") holder[key].push(...change.v);
  else if (typeof change.v === "string" && (state.operation === "APPEND" || key === "content")) holder[key] += change.v;
  else holder[key] = change.v;
}

export async function ask(prompt, view) {
  const challenge = await (await post("/api/v0/chat/create_pow_challenge", {target_path: "/api/v0/chat/completion"})).json();
  const response = await post("/api/v0/chat/completion", {
    chat_session_id: "7f8a1c1e-0000-4000-8000-000000000003", parent_message_id: null, prompt, ref_file_ids: [],
    thinking_enabled: true, search_enabled: false,
  }, {"x-ds-pow-response": btoa(challenge.data.biz_data.challenge.challenge)});
  if ((response.headers.get("content-type") || "").startsWith("application/json")) {
    const body = await response.json();
    return view.fail(body.data && body.data.biz_code ? body.data.biz_msg : body.msg);
  }
  const state = {root: {}, path: "", operation: ""};
  for await (const event of events(response)) {
    if (event.name !== "message") continue;
    apply(state, JSON.parse(event.data));
    const said = state.root.response.fragments.filter((fragment) => fragment.type === "RESPONSE");
    if (said.length) view.show(said.map((fragment) => fragment.content).join(""));
  }
}
