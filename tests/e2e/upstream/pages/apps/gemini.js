import {chunks, post} from "/static/streams.js";

const FORM = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"};

export async function ask(prompt, view) {
  const inner = [[prompt, 0, null, [], null, null, 0], ["en"], ["", "", "", null, null, []], "!opaque"];
  const body = new URLSearchParams({"f.req": JSON.stringify([null, JSON.stringify(inner)]), at: "AJvLN6N0123456789abcdef:1700000000000"});
  const path = "/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate?bl=boq_1&_reqid=1&rt=c";
  const response = await post(path, body.toString(), FORM);
  if (!response.ok) return view.fail("Something went wrong.");
  for await (const frame of chunks(response)) {
    if (frame[0] !== "wrb.fr" || !frame[2]) continue;
    const candidates = JSON.parse(frame[2])[4];
    if (candidates) view.show(candidates[0][1][0]);
  }
}
