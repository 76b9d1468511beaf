import {lines, place, post} from "/static/streams.js";

function apply(root, change) {
  const steps = change.p.split("/").filter(Boolean).map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  const [holder, key] = place(root, steps);
  if (change.o === "x") holder[key] += change.v;
  else if (change.o === "a" && key === "-") holder.push(change.v);
  else holder[key] = change.v;
}

export async function ask(prompt, view) {
  const response = await post("/api/v3/runInferenceTranscript", {
    traceId: crypto.randomUUID(), spaceId: "7f8a1c1e-0000-4000-8000-000000000004", threadId: crypto.randomUUID(), createThread: true,
    transcript: [
      {id: crypto.randomUUID(), type: "config", value: {type: "workflow", model: "oatmeal-cookie", modelFromUser: false}},
      {id: crypto.randomUUID(), type: "context", value: {timezone: "UTC", spaceName: "A workspace", surface: "home_module"}},
      {id: crypto.randomUUID(), type: "user", value: [[prompt]]},
    ],
    isPartialTranscript: false, asPatchResponse: true,
  }, {accept: "application/x-ndjson"});
  if (!response.ok) return view.fail("Something went wrong.");
  let root = {s: []};
  for await (const line of lines(response)) {
    const update = JSON.parse(line);
    if (update.type === "error") return view.fail(update.message);
    if (update.type === "patch-start") root = update.data;
    if (update.type === "patch") update.v.forEach((change) => apply(root, change));
    const said = root.s.filter((entry) => entry.type === "agent-inference").flatMap((entry) => entry.value);
    if (said.length) view.show(said.filter((piece) => piece.type === "text").map((piece) => piece.content).join(""));
  }
}
