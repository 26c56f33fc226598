/* The matrix: a row a service, a column a file or a folder. Rows are drawn when they come into sight. */

const shown = { columns: [], at: new Map(), width: 24, observer: null };

function listColumns() {
  if (view.columns === "folders") {
    const folders = new Map();
    D.files.forEach((_, file) => {
      const folder = folderOf(pathOf(file));
      (folders.get(folder) || folders.set(folder, []).get(folder)).push(file);
    });
    return [...folders].map(([folder, files]) => ({ label: labelOf(folder), title: folder, files }));
  }
  const files = D.files.map((_, file) => file).filter(file => view.columns === "all" || DIFFERING.has(file));
  const columns = files.map(file => ({ label: labelOf(pathOf(file)).split("/").slice(-3).join("/"), title: pathOf(file), files: [file] }));
  const query = view.q.toLowerCase();
  const named = SERVICES.some(service => service.name.toLowerCase().includes(query));
  const matching = query && !named ? columns.filter(column => column.title.toLowerCase().includes(query)) : [];
  return matching.length ? matching : columns;
}

const ORDERS = {
  worst: (a, b) => RANK[a.kind] - RANK[b.kind] || b.cells.length - a.cells.length,
  longest: (a, b) => (a.since ? a.since[0] : Infinity) - (b.since ? b.since[0] : Infinity) || 0,
  most: (a, b) => b.cells.length - a.cells.length,
  name: () => 0,
};

function listRows() {
  const query = view.q.toLowerCase();
  const [number, ...version] = view.version.split(":");
  let rows = SERVICES.filter(service => (view.rows === "all" || !service.ok || view.kind === "current" || view.version)
    && (!view.kind || service.kind === view.kind)
    && (!view.version || (copyOf(service, Number(number)) && versionOf(copyOf(service, Number(number))) === version.join(":"))));
  if (query) {
    const named = rows.filter(service => service.name.toLowerCase().includes(query));
    rows = named.length ? named : rows.filter(service => service.cells.some(cell => pathOf(cell.file).toLowerCase().includes(query)));
  }
  const order = ORDERS[view.sort] || ORDERS.worst;
  return rows.sort((a, b) => order(a, b) || (a.name < b.name ? -1 : 1));
}

const worstOf = cells => cells.reduce((worst, cell) => (RANK[cell.state] < RANK[worst] ? cell.state : worst), cells[0].state);

function fillRow(row) {
  const { service } = row;
  if (row.filled) return;
  row.filled = true;
  const found = new Map();
  for (const cell of service.cells) {
    const at = shown.at.get(cell.file);
    if (at !== undefined) (found.get(at) || found.set(at, []).get(at)).push(cell);
  }
  row.lastChild.append(...blanks(service), ...[...found].map(([at, cells]) => {
    const { title, files } = shown.columns[at];
    const state = worstOf(cells);
    const label = files.length > 1 ? `${plural(cells.length, "file")} in ${title} of ${service.name}: ${FILE_NAMES[state]}` : `${title} in ${service.name}: ${FILE_NAMES[state]}`;
    return el("button", { type: "button", class: `cell tint ${classOf(state)}`, tabindex: "-1", "aria-label": label, "data-column": at, style: { left: `${at * shown.width + 2}px` } },
      mark(state), files.length > 1 ? String(cells.length) : null);
  }));
}

function strip(service) {
  if (!service.history) return el("span", { class: "past" });
  const fills = { ".": "var(--k-current)", b: "var(--k-stale)", x: "var(--k-diverged)", e: "var(--k-modified)" };
  const heights = { ".": 3, b: 7, "-": 0 };
  const root = svg("svg", { viewBox: `0 0 ${service.history.length} 12`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const { 0: run, index } of service.history.matchAll(/(.)\1*/g)) {
    const height = heights[run[0]] ?? 12;
    if (height) root.append(svg("rect", { x: index, width: run.length, y: 12 - height, height, fill: fills[run[0]] }));
  }
  return el("span", { class: "past", title: service.since ? `not in sync ${sinceText(service)}` : "" }, root);
}

function builds(service) {
  const out = service.findings.filter(finding => finding[0] === "CS101").length;
  return el("span", { class: "builds" },
    out ? el("span", { class: "bad", title: `${plural(out, "reference")} to the master` }, "↗") : null,
    service.verdict === "broken" ? el("span", { class: "bad", title: "cannot be built from its own folder alone" }, "✗") : null,
    service.verdict === "unknown" ? el("span", { class: "unknown", title: "whether it builds alone cannot be told" }, "?") : null,
    service.verdict === "proven" && !out ? el("span", { title: "builds from its own folder alone" }, "✓") : null);
}

function versionCell(service) {
  const text = service.copies.map(copy => (copy.kind === "no copy" ? "–" : copy.version || "–") + (copy.pinned ? ` @${copy.pinned}` : "")).join(", ");
  const old = service.copies.some(copy => !copy.pinned && copy.version !== D.libraries[copy.library].version);
  return el("span", { class: `version${old ? " old" : ""}`, title: service.copies.map(copy => [copy.path, versionOf(copy), pinOf(copy)].filter(Boolean).join(", ")).join("\n") }, text);
}

function makeRow(service) {
  const cut = PREFIX ? PREFIX.length : service.name.lastIndexOf("/") + 1;
  const none = service.copies.every(copy => copy.kind === "no copy");
  const row = el("div", { class: "row", role: "group", "aria-label": `${service.name}: ${D.kinds[service.kind]}` },
    el("div", { class: "left" },
      el("button", { type: "button", class: "name", title: service.name, onclick: () => openService(service) }, PREFIX ? null : el("i", {}, service.name.slice(0, cut)), service.name.slice(cut)),
      versionCell(service), strip(service), builds(service)),
    el("div", { class: `cells${none ? " empty" : ""}`, style: { width: `${shown.columns.length * shown.width}px` } }));
  row.service = service;
  return row;
}

/** What covers the columns of libraries that a service does not get. */
function blanks(service) {
  const strange = shown.columns.map(({ files }) => !files.some(file => copyOf(service, D.files[file][0])));
  return [...strange.map(one => (one ? "x" : " ")).join("").matchAll(/x+/g)].map(({ 0: run, index }) =>
    el("span", { class: "blank", title: "it does not get this library", style: { left: `${index * shown.width}px`, width: `${run.length * shown.width}px` } }));
}

function showGrid() {
  const rows = listRows();
  shown.columns = listColumns();
  const folded = view.columns === "folders";
  shown.width = folded ? 44 : 24;
  shown.at = new Map(shown.columns.flatMap((column, at) => column.files.map(file => [file, at])));
  const phone = matchMedia("(max-width: 680px)").matches;
  const pinned = SERVICES.some(service => service.copies.some(copy => copy.pinned)) || SEVERAL;
  const longest = Math.max(0, ...shown.columns.map(column => Math.min(column.label.length, 26)));
  const style = document.documentElement.style;
  style.setProperty("--cell", `${shown.width}px`);
  style.setProperty("--version", pinned ? "132px" : "70px");
  style.setProperty("--left", phone ? "var(--name)" : "calc(var(--name) + var(--version) + 152px)");
  style.setProperty("--head-height", `${Math.min(152, 26 + longest * 5.7)}px`);
  const head = el("div", { class: "head" },
    el("div", { class: "corner" }, el("span", { class: "name" }, PREFIX || "service"), el("span", { class: "version" }, "version"),
      el("span", { class: "past" }, D.times.length > 1 ? `since ${shortDay(D.times[0])}` : ""), el("span", { class: "builds" }, "builds")),
    shown.columns.map(column => el("button", { type: "button", class: "column", title: column.title, "aria-label": column.title, onclick: () => openColumn(column) }, el("span", {}, column.label))),
    el("div", { class: "spare" }));
  if (shown.observer) shown.observer.disconnect();
  shown.observer = new IntersectionObserver(seen => {
    for (const one of seen) if (one.isIntersecting) { fillRow(one.target); shown.observer.unobserve(one.target); }
  }, { root: $("scroll"), rootMargin: "400px 0px" });
  const made = rows.map(makeRow);
  $("grid").replaceChildren(head, ...made);
  if (!made.length) $("grid").append(nothing());
  for (const row of made) shown.observer.observe(row);
  const of = rows.length < TOTAL ? ` of ${TOTAL} shown` : "";
  $("foot").textContent = `${plural(rows.length, "service")}${of} × ${plural(shown.columns.length, folded ? "folder" : "file")}. A dot is in sync. Builds: ✓ from its own folder alone, ✗ not so, ? cannot be told, ↗ refers to the master. Choose a mark for the difference, a service for all that is known of it.`;
}

function nothing() {
  const filtered = view.q || view.kind || view.version;
  return el("div", { class: "nothing" }, GOOD === TOTAL && !filtered ? "Every copy is as it should be. " : "Nothing matches. ",
    button("Show all services", () => { Object.assign(view, { q: "", kind: "", version: "", rows: "all" }); $("filter").value = ""; refresh(); }));
}

function showControls() {
  const folders = new Set(D.files.map((_, file) => folderOf(pathOf(file)))).size;
  const segments = (id, list) => $(id).replaceChildren(...list.map(([value, text]) =>
    el("button", { type: "button", "aria-pressed": String(view[id] === value), onclick: () => { view[id] = value; refresh(); } }, text)));
  segments("columns", [["differ", `files that differ ${DIFFERING.size}`], ["folders", `folders ${folders}`], ["all", `all files ${D.files.length}`]]);
  segments("rows", [["differ", `not in sync ${TOTAL - GOOD}`], ["all", `all ${TOTAL}`]]);
  $("sort").replaceChildren(...[["worst", "worst first"], ["longest", "longest first"], ["most", "most files first"], ["name", "by name"]].map(([value, text]) => el("option", { value }, text)));
  $("sort").value = view.sort;
}

function showLegend() {
  const item = state => el("span", {}, mark(state), FILE_NAMES[state]);
  $("legend").replaceChildren(el("b", {}, "distribute mends:"), ...["stale", "missing", "unmanaged"].map(item), el("b", {}, "a person decides:"), ...["modified", "diverged", "extra"].map(item), item("current"));
}

/** Arrow keys go from mark to mark, and from row to row. */
function moveInGrid(event) {
  const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
  const from = event.target.closest(".cell, .row .name");
  if (!step || !from) return;
  event.preventDefault();
  const row = from.closest(".row");
  const column = one => Number(one.dataset.column ?? -1);
  let goal;
  if (step[0]) {
    const stops = [...row.querySelectorAll(".name, .cell")].sort((a, b) => column(a) - column(b));
    goal = stops[stops.indexOf(from) + step[0]];
  } else {
    const next = step[1] > 0 ? row.nextElementSibling : row.previousElementSibling;
    if (next?.service) {
      fillRow(next);
      goal = next.querySelector(`.cell[data-column="${column(from)}"]`) || next.querySelector(".name");
    }
  }
  goal?.focus();
}
