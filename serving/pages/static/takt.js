// Taps without a connection: what cannot be sent now waits in this browser and is sent when the line is back. Each tap
// carries its key, so that sending it twice stores it once. Without this file the same forms work, one page at a time.
"use strict";
(() => {
  const SHELF = "takt.taps";
  const main = document.getElementById("main");
  let memory = [];

  const waiting = () => {
    try { return JSON.parse(localStorage.getItem(SHELF)) || []; } catch { return memory; }
  };
  const keep = (taps) => {
    memory = taps;
    try { localStorage.setItem(SHELF, JSON.stringify(taps)); } catch { /* private window: kept while it is open */ }
  };
  const without = (tap) => keep(waiting().filter((t) => t.body !== tap.body));

  const post = (body) => fetch("/taps", { method: "POST", body: new URLSearchParams(body), headers: { Accept: "text/html" } });
  const recorded = (answer) => answer.ok && answer.redirected && new URL(answer.url).pathname === "/";

  // the server's own page says best what is wrong and keeps what was typed: send it as a form, without this script
  const open = (body) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/taps";
    for (const [name, value] of new URLSearchParams(body)) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  };

  const show = (html, anchor) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    main.replaceChildren(...fresh.getElementById("main").childNodes);
    document.title = fresh.title;
    mark();
    const next = document.getElementById(anchor) || document.getElementById("next");
    if (next) {
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "start" });
    }
  };

  // lines that wait are pale, and a bar above the list says how many there are
  const mark = () => {
    document.querySelector(".waiting-to-send")?.remove();
    const taps = waiting();
    for (const tap of taps) {
      const key = new URLSearchParams(tap.body).get("key");
      const field = [...document.querySelectorAll("input[name=key]")].find((f) => f.value === key);
      const line = field?.closest(".call, li, .taps");
      line?.classList.add("sent");
      line?.querySelectorAll("button").forEach((button) => { button.disabled = true; });
    }
    if (!taps.length) return;
    const bar = document.createElement("div");
    bar.className = "waiting-to-send";
    bar.setAttribute("role", "status");
    for (const tap of taps) {
      const row = document.createElement("p");
      row.textContent = tap.refused ? `${tap.words}: was not recorded. ` : `${tap.words}: not sent yet, waits for a connection.`;
      if (tap.refused) {
        const look = document.createElement("button");
        look.className = "answer";
        look.textContent = "See why";
        look.addEventListener("click", () => { without(tap); open(tap.body); });
        row.append(look);
      }
      bar.append(row);
    }
    (document.querySelector(".today") || main.firstElementChild)?.before(bar);
  };

  const flush = async () => {
    let sent = "";
    for (const tap of waiting().filter((t) => !t.refused)) {
      try {
        const answer = await post(tap.body);
        if (answer.status >= 500) break;
        if (recorded(answer)) sent = await answer.text();
        without(tap);
        if (!recorded(answer)) keep([...waiting(), { ...tap, refused: true }]);
      } catch { break; }
    }
    if (sent && location.pathname === "/") show(await (await fetch(location.href)).text());
    else mark();
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (new URL(form.action).pathname !== "/taps" || !form.closest(".taps, .undo, .just, .done")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter)).toString();
    const line = form.closest(".call");
    const anchor = line?.classList.contains("first") ? "next" : line?.nextElementSibling?.id;
    line?.classList.add("sent");
    try {
      const answer = await post(body);
      if (recorded(answer) && location.pathname === "/") show(await answer.text(), anchor);
      else if (recorded(answer)) location.assign(answer.url);
      else open(body);
    } catch {
      const what = (form.getAttribute("aria-label") || "").replace(/^What (else )?came of /, "");
      const words = [what, event.submitter?.textContent.trim()].filter(Boolean).join(": ");
      keep([...waiting().filter((t) => t.body !== body), { body, words }]);
      mark();
    }
  });

  addEventListener("online", flush);
  if (waiting().length) { mark(); flush(); }
})();
