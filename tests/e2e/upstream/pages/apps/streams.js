// How pages read what streams: bytes to text, text to lines, events or length-prefixed chunks.

export async function post(path, body, headers = {}) {
  const json = typeof body === "string" || body instanceof FormData || body instanceof Blob ? {} : {"content-type": "application/json"};
  const sent = "content-type" in json ? JSON.stringify(body) : body;
  return fetch(path, {method: "POST", headers: {...json, ...headers}, body: sent});
}

export async function* text(response) {
  const decoder = new TextDecoder();
  for (const reader = response.body.getReader();;) {
    const {done, value} = await reader.read();
    yield decoder.decode(value, {stream: !done});
    if (done) return;
  }
}

export async function* lines(response) {
  let kept = "";
  for await (const piece of text(response)) {
    const all = (kept + piece).split("\n");
    kept = all.pop();
    yield* all.filter((line) => line.trim());
  }
  if (kept.trim()) yield kept;
}

export async function* events(response) {
  let name = "message";
  let data = [];
  for await (const line of pieces(response)) {
    if (line === "") {
      if (data.length) yield {name, data: data.join("\n")};
      name = "message";
      data = [];
    } else if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  if (data.length) yield {name, data: data.join("\n")};
}

async function* pieces(response) {
  let kept = "";
  for await (const piece of text(response)) {
    const all = (kept + piece).split(/\r?\n/);
    kept = all.pop();
    yield* all;
  }
  yield kept;
}

// Google's framing: a guard line, then a length in UTF-16 units (which is what a JavaScript string counts) and that much JSON.
export async function* chunks(response) {
  let kept = "";
  for await (const piece of text(response)) {
    kept = (kept + piece).replace(/^\)\]\}'/, "").trimStart();
    for (;;) {
      const length = /^(\d+)(?=\s)/.exec(kept);
      if (!length || kept.length < length[0].length + Number(length[1])) break;
      const end = length[0].length + Number(length[1]);
      yield* JSON.parse(kept.slice(length[0].length, end));
      kept = kept.slice(end).trimStart();
    }
  }
}

export function place(root, steps) {
  const keys = [...steps];
  const last = keys.pop();
  const at = (value, key) => (key === -1 ? value[value.length - 1] : value[key]);
  return [keys.reduce(at, root), last];
}
