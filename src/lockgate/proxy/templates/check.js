
(function () {
  "use strict";
  var verdict = document.getElementById("verdict");

  function reaches(address) {
    var stop = new AbortController();
    var timer = setTimeout(function () { stop.abort(); }, 8000);
    return fetch(address, { mode: "no-cors", cache: "no-store", credentials: "omit", signal: stop.signal })
      .then(function () { return true; }, function () { return false; })
      .finally(function () { clearTimeout(timer); });
  }

  function show(name) {
    verdict.querySelectorAll("[data-verdict]").forEach(function (part) { part.hidden = part.dataset.verdict !== name; });
    verdict.dataset.shown = name;
  }

  if (location.protocol === "https:") { show("trusted"); return; }
  show("checking");
  reaches("http://lockgate.internal/trusted").then(function (proxied) {
    if (!proxied) { show("no-proxy"); return; }
    return reaches("https://lockgate.internal/trusted").then(function (trusted) { show(trusted ? "trusted" : "untrusted"); });
  });
})();
