// Proxy auto-configuration of the Lockgate gateway. Generated; changes here are lost.
var VIA = "PROXY gateway.example.com:8080";
var APPS = {"exact":{"anthropic.com":1,
"chatgpt.com":1,
"claude.ai":1,
"gemini.google.com":1,
"openai.com":1},
"below":{"anthropic.com":1,
"chatgpt.com":1,
"claude.ai":1,
"openai.com":1}};
var BYPASS = {"exact":{"status.openai.com":1},
"below":{}};

function has(table, name) {
  return Object.prototype.hasOwnProperty.call(table, name);
}

function listed(tables, host) {
  if (has(tables.exact, host)) return true;
  for (var dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    if (has(tables.below, host.substring(dot + 1))) return true;
  }
  return false;
}

// Loopback, private, link-local and shared addresses, written as numbers. Names are not looked up.
function isPrivate(host) {
  if (host.indexOf(":") >= 0) return /^(::1?$|f[cd]|fe[89ab])/.test(host);
  var parts = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(host);
  if (!parts) return false;
  var first = +parts[1], second = +parts[2];
  return first === 0 || first === 10 || first === 127 ||
    (first === 192 && second === 168) || (first === 169 && second === 254) ||
    (first === 172 && second >= 16 && second <= 31) || (first === 100 && second >= 64 && second <= 127);
}

function FindProxyForURL(url, host) {
  host = host.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (host === "lockgate.internal") return VIA;
  if (isPrivate(host) || host === "localhost" || /\.localhost$/.test(host)) return "DIRECT";
  if (host.indexOf(".") < 0 && host.indexOf(":") < 0) return "DIRECT";
  if (listed(BYPASS, host)) return "DIRECT";
  if (listed(APPS, host)) return VIA;
  return "DIRECT";
}
