/* The verdict, the bar and the cards. */

function showHead() {
  const { git } = D;
  $("where").textContent = [git && `${git.branch} · ${git.commit.slice(0, 7)} ${git.subject}`, day(D.made)].filter(Boolean).join(" · ");
  $("library").append(...D.libraries.flatMap((library, number) => [
    ...(number ? [el("br")] : []),
    el("code", {}, library.path),
    `  ${library.name} ${library.version || ""} · ${plural(library.files, "file")} · `,
    el("code", { title: library.digest }, `${library.digest.slice(0, 16)}…`),
  ]));
}

function showBar() {
  const kinds = Object.keys(D.kinds).map(kind => [kind, SERVICES.filter(service => service.kind === kind).length]).filter(([, number]) => number);
  const choose = kind => { view.kind = view.kind === kind ? "" : kind; refresh(); };
  $("bar").replaceChildren(
    el("div", { class: "bar", "aria-hidden": "true" }, kinds.map(([kind, number]) => el("i", { class: classOf(kind), style: { flex: `${number} 1 0` } }))),
    el("div", { class: `chips${view.kind ? " chosen" : ""}` }, kinds.map(([kind, number]) => el("button",
      { type: "button", class: `tint ${classOf(kind)}`, "aria-pressed": String(view.kind === kind), "data-kind": kind, onclick: () => choose(kind) },
      mark(kind), el("b", {}, String(number)), D.kinds[kind]))),
  );
}

const act = (kind, number, ...kids) => el("div", { class: `act ${classOf(kind)}` }, el("b", {}, String(number)), el("div", {}, kids));

function todoCard() {
  const card = el("section", { class: "card" }, el("h2", {}, "What to do"));
  const mended = SERVICES.filter(service => !service.ok && !service.decides);
  const decided = SERVICES.filter(service => !service.ok && service.decides);
  const unproven = SERVICES.filter(service => service.verdict !== "proven");
  const unknown = unproven.filter(service => service.verdict === "unknown").length;
  const names = services => el("p", { class: "hint names" }, nameList(services, 6));
  if (mended.length) card.append(act("stale", mended.length, el("p", {}, mended.length === 1 ? "Nobody has edited it there. One command brings it in sync." : "Nobody has edited these. One command brings them in sync."), command("common-sync distribute")));
  if (decided.length) card.append(act("modified", decided.length, el("p", {}, "A person has to decide here. An edit goes into the library, or is discarded."), names(decided)));
  if (!mended.length && !decided.length) card.append(el("p", {}, TOTAL ? "Nothing: every copy is byte for byte what it should be." : "There is no service."));
  if (unproven.length) {
    const [own, them] = unproven.length === 1 ? ["its", ""] : ["their", ` For ${unknown} of them`];
    const told = unknown ? `${them || " For it"} that cannot be told.` : "";
    card.append(act("diverged", unproven.length, el("p", {}, `Not proven to build from ${own} own folder alone.${told}`), names(unproven)));
  }
  if (D.findings.length) card.append(act("extra", D.findings.length, el("p", {}, D.findings.length === 1 ? "A finding that belongs to no service." : "Findings that belong to no service."), el("p", { class: "hint" }, button("show them", openFindings))));
  return card;
}

function versionsCard() {
  const card = el("section", { class: "card" }, el("h2", {}, "Which version is where"));
  D.libraries.forEach((library, number) => {
    const found = new Map();
    for (const service of SERVICES.filter(one => copyOf(one, number))) {
      const version = versionOf(copyOf(service, number));
      found.set(version, [...(found.get(version) || []), service]);
    }
    const order = [...found].sort(([a], [b]) => /^\d/.test(b) - /^\d/.test(a) || b.localeCompare(a, "en", { numeric: true }));
    const most = Math.max(1, ...order.map(([, list]) => list.length));
    if (SEVERAL) card.append(el("p", { class: "group" }, library.name));
    card.append(el("div", { class: "versions" }, order.slice(0, 7).map(([version, list]) => versionRow(library, number, version, list, most))));
    if (order.length > 7) card.append(el("p", { class: "foot" }, `and ${plural(order.length - 7, "more version")}`));
    const pinned = SERVICES.filter(service => copyOf(service, number)?.pinned);
    if (pinned.length) {
      card.append(el("p", { class: "group" }, `${plural(pinned.length, "service")} pinned`), el("ul", { class: "list" }, pinned.slice(0, 6).map(service =>
        el("li", {}, mark(copyOf(service, number).kind), button(brief(service), () => openService(service)), el("small", {}, pinOf(copyOf(service, number)))))));
      if (pinned.length > 6) card.append(el("p", { class: "foot" }, `and ${pinned.length - 6} more`));
    }
  });
  return card;
}

function versionRow(library, number, version, list, most) {
  const key = `${number}:${version}`;
  const ok = list.filter(service => copyOf(service, number).kind === "current").length;
  const decided = list.filter(service => copyOf(service, number).kind !== "current" && service.decides).length;
  const part = (kind, some) => some ? el("i", { class: classOf(kind), style: { width: `${100 * some / most}%` } }) : null;
  const rest = list.length - ok - decided;
  return [
    button(version, () => { view.version = view.version === key ? "" : key; refresh(); }, { "aria-pressed": String(view.version === key), title: `Show only ${library.name} ${version}` }),
    el("div", { class: "track", "aria-hidden": "true" }, part("current", ok), part(version === "no copy" ? "no copy" : "stale", rest), part("modified", decided)),
    el("span", { class: "number" }, String(list.length), rest + decided ? el("span", { class: "hint" }, ` (${ok} in sync)`) : null),
  ];
}

function historyCard() {
  const card = el("section", { class: "card" }, el("h2", {}, "Services in sync over time"));
  if (D.times.length < 2) {
    card.append(el("p", { class: "hint" }, D.no_history ? `There is no history to show: ${D.no_history}.` : "The history has one commit only."));
    return card;
  }
  card.append(chart(), el("div", { class: "legend" }, [["current", "in sync"], ["stale", "behind"], ["modified", "edited"]].map(([kind, text]) => el("span", {}, mark(kind), text))));
  const longest = SERVICES.filter(service => service.since).sort((a, b) => a.since[0] - b.since[0]).slice(0, 3);
  if (longest.length) {
    card.append(el("p", { class: "group" }, "Longest out of sync"), el("ul", { class: "list" }, longest.map(service =>
      el("li", {}, mark(service.kind), button(brief(service), () => openService(service)), el("small", {}, sinceText(service))))));
  }
  return card;
}

function chart() {
  const points = D.times.length;
  const [W, H, L, R, T, B] = [460, 112, 28, 4, 6, 18];
  const count = (at, letters) => SERVICES.filter(service => letters.includes(service.history[at])).length;
  const x = at => L + (W - L - R) * at / (points - 1);
  const y = number => H - B - (H - B - T) * number / TOTAL;
  const label = `Services in sync: ${count(0, ".")} of ${TOTAL} on ${day(D.times[0])}, ${count(points - 1, ".")} on ${day(D.times[points - 1])}`;
  const hatch = svg("pattern", { id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { width: 5, height: 5, fill: "var(--k-modified)" }), svg("rect", { width: 1.4, height: 5, fill: "var(--card)" }));
  const root = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart", role: "img", "aria-label": label }, svg("defs", {}, hatch));
  let base = D.times.map(() => 0);
  for (const [letters, fill, opacity] of [[".", "var(--k-current)", 0.55], ["b", "var(--k-stale)", 0.9], ["ex", "url(#hatch)", 0.9]]) {
    const top = base.map((below, at) => below + count(at, letters));
    const up = top.map((number, at) => `${at ? "L" : "M"}${x(at).toFixed(1)} ${y(number).toFixed(1)}`).join("");
    const down = base.map((number, at) => `L${x(at).toFixed(1)} ${y(number).toFixed(1)}`).reverse().join("");
    root.append(svg("path", { d: `${up}${down}Z`, fill, "fill-opacity": opacity }));
    base = top;
  }
  const text = (at, height, anchor, words) => svg("text", { x: at, y: height, "text-anchor": anchor }, words);
  const marks = axisLabels(D.times[0], D.times[points >> 1], D.times[points - 1]);
  root.append(svg("line", { x1: L, x2: W - R, y1: H - B, y2: H - B, class: "axis" }), text(L - 5, T + 8, "end", String(TOTAL)), text(L - 5, H - B, "end", "0"),
    ...[[L, "start"], [(L + W) / 2, "middle"], [W - R, "end"]].flatMap(([at, anchor], number) => marks[number] ? [text(at, H - 4, anchor, marks[number])] : []));
  return root;
}

function showCards() {
  $("cards").replaceChildren(todoCard(), versionsCard(), historyCard());
}
