import {chunks, post} from "/static/streams.js";

const FORM = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"};
const SERVICE = "google.internal.labs.tailwind.orchestration.v1.LabsTailwindOrchestrationService";

async function addSource(text) {
  const call = ["izAoDd", JSON.stringify([[[null, ["Pasted text", text]]], "7f8a1c1e-0000-4000-8000-000000000007"]), null, "generic"];
  const body = new URLSearchParams({"f.req": JSON.stringify([[call]])});
  const response = await post("/_/LabsTailwindUi/data/batchexecute?rpcids=izAoDd&rt=c", body.toString(), FORM);
  for await (const frame of chunks(response)) {
    if (frame[0] === "wrb.fr" && frame[5]) return frame[5][1] || "Could not add the source.";
  }
  return "";
}

export async function ask(prompt, view, file) {
  const refused = file ? await addSource(await file.text()) : "";
  if (refused) return view.fail(refused);
  const inner = [[[["7f8a1c1e-0000-4000-8000-000000000008"]]], prompt, null, [2, null, [1]], "7f8a1c1e-0000-4000-8000-000000000009"];
  const body = new URLSearchParams({"f.req": JSON.stringify([null, JSON.stringify(inner)])});
  const response = await post(`/_/LabsTailwindUi/data/${SERVICE}/GenerateFreeFormStreamed?rt=c`, body.toString(), FORM);
  if (!response.ok) return view.fail("Something went wrong.");
  for await (const frame of chunks(response)) {
    if (frame[0] !== "wrb.fr" || !frame[2]) continue;
    const [said] = JSON.parse(frame[2]);
    if (said[4].at(-1) === 1) view.show(said[0]);
  }
}
