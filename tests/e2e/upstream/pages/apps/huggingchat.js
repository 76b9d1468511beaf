import {lines, post} from "/chat/static/streams.js";

export async function ask(prompt, view, file) {
  const form = new FormData();
  form.append("data", JSON.stringify({inputs: prompt, id: crypto.randomUUID(), is_retry: false, is_continue: false}));
  if (file) form.append("files", new File([btoa(await file.text())], "base64;" + file.name, {type: file.type}));
  const response = await post("/chat/conversation/0123456789abcdef01234567", form);
  if (!response.ok) return view.fail((await response.json()).message);
  let said = "";
  for await (const line of lines(response)) {
    const update = JSON.parse(line);
    if (update.type === "stream") said += update.token.replaceAll("\0", "");
    if (update.type === "finalAnswer") said = update.text;
    if (update.type === "status" && update.status === "error") view.fail(update.message);
    if (said) view.show(said);
  }
}
