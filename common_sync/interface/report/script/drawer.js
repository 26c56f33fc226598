/* The drawer: all that is known of a file, a service, a column. */

let opener = null;

function showDrawer(title, ...kids) {
  const drawer = $("drawer");
  if (drawer.hidden) opener = document.activeElement;
  const heading = el("h2", { id: "drawer-title", tabindex: "-1" }, title);
  drawer.replaceChildren(heading, ...el("div", {}, kids).childNodes, el("button", { type: "button", class: "close", "aria-label": "Close", onclick: closeDrawer }, "×"));
  drawer.hidden = false;
  drawer.scrollTop = 0;
  heading.focus({ preventScroll: true });
  writeAddress();
}

function closeDrawer() {
  if ($("drawer").hidden) return;
  $("drawer").hidden = true;
  view.service = view.file = "";
  for (const cell of document.querySelectorAll(".cell.on")) cell.classList.remove("on");
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  writeAddress();
}

const say = (kind, text, small) => el("p", { class: `say tint ${classOf(kind)}` }, mark(kind), el("span", {}, text, small ? el("small", {}, `  ${small}`) : null));

function differenceOf(number) {
  if (number < 0) return el("p", { class: "hint" }, "The difference is not in this report. common-sync diff shows it.");
  const classes = { "+": "add", "-": "del", "@": "place", "…": "place", "\\": "place" };
  return [
    el("div", { class: "difference", role: "region", "aria-label": "Difference, from the copy to the master", tabindex: "0" },
      D.differences[number].split("\n").map(line => el("div", { class: classes[line[0]] || "" }, line || " "))),
    el("p", { class: "hint" }, "− as the copy has it   + as it should be"),
  ];
}

function remedies(service, state) {
  if (!DECIDED.has(state)) return command(`common-sync distribute ${service.word}`);
  return [
    el("p", { class: "hint" }, "Take it into the library, or discard it. What is discarded is kept aside."),
    el("div", {}, command(`common-sync promote ${service.word}`)),
    el("div", {}, command(`common-sync distribute ${service.word} --force`)),
  ];
}

function openFile(service, cell) {
  const path = pathOf(cell.file);
  view.service = service.name;
  view.file = path;
  const alike = SERVICES.filter(other => other !== service && other.cells.some(one => one.file === cell.file && one.state === cell.state && one.difference === cell.difference));
  showDrawer(path, el("p", { class: "path" }, button(service.name, () => openService(service))), say(cell.state, FILE_NAMES[cell.state], SAYS[cell.state]),
    remedies(service, cell.state), differenceOf(cell.difference),
    alike.length ? [el("p", { class: "group" }, `${cell.difference < 0 ? "In the same state" : "The same"} in ${plural(alike.length, "other service")}`), el("p", { class: "names" }, nameList(alike, 40))] : null);
}

const findingOf = ([code, error, file, line, message, remedy]) => el("div", { class: `finding ${error ? "k-diverged" : "k-extra"}` },
  el("p", {}, el("a", { href: D.pages[code], rel: "noreferrer", target: "_blank" }, code), " ", error ? "" : "warning, ", el("span", { class: "mono" }, file + (line ? `:${line}` : ""))),
  el("p", {}, D.words[message]), el("p", { class: "hint" }, `help: ${D.words[remedy]}`));

function openFindings() {
  showDrawer("Findings that belong to no service", D.findings.map(findingOf));
}

function factsOf(service) {
  const facts = service.copies.flatMap(copy => {
    const library = D.libraries[copy.library];
    const newer = copy.version !== library.version ? ` (the master: ${library.version || "no version"})` : "";
    return [[SEVERAL ? library.name : "Library", `${library.name} ${versionOf(copy)}${newer}`], copy.pinned && ["Stays", pinOf(copy)], ["Copy", copy.path], copy.digest && ["Digest", `${copy.digest.slice(0, 16)}…`]];
  });
  const verdicts = { proven: "proven", broken: "no", unknown: "cannot be told" };
  const checks = Object.entries(service.checks).map(([check, state]) => `${check}: ${state}`).join(", ");
  return [...facts, service.since && ["Not in sync", sinceText(service)], ["Builds alone", verdicts[service.verdict] + (checks ? ` (${checks})` : "")]].filter(Boolean);
}

/** @param column What to show the files of; all of them without it. */
function openService(service, column) {
  view.service = service.name;
  view.file = "";
  const cells = column ? service.cells.filter(cell => column.files.includes(cell.file)) : service.cells;
  const small = service.cells.length ? plural(service.cells.length + (service.more_cells || 0), "file") : service.kind === "references" ? "the copy is right; the findings say what is not" : service.ok ? "byte for byte what it should be" : "";
  const worst = service.cells.length ? worstOf(service.cells) : service.kind;
  showDrawer(service.name, column ? el("p", { class: "path" }, column.title) : null, say(service.kind, D.kinds[service.kind], small),
    column ? null : el("dl", { class: "facts" }, factsOf(service).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    service.ok ? null : remedies(service, worst),
    cells.length ? [el("p", { class: "group" }, `${plural(cells.length, "file")} that ${cells.length === 1 ? "differs" : "differ"}`), el("ul", { class: "list" }, cells.slice(0, 300).map(cell =>
      el("li", {}, mark(cell.state), button(pathOf(cell.file), () => openFile(service, cell), { class: "link mono" }), el("small", {}, FILE_NAMES[cell.state]))))] : null,
    service.more_cells ? el("p", { class: "hint" }, `and ${plural(service.more_cells, "more file")}: common-sync status -v`) : null,
    !column && service.findings.length ? [el("p", { class: "group" }, plural(service.findings.length + (service.more_findings || 0), "finding")), service.findings.map(findingOf)] : null);
}

function openColumn(column) {
  const groups = new Map();
  let differing = 0;
  for (const service of SERVICES) {
    const cells = service.cells.filter(cell => column.files.includes(cell.file));
    if (cells.length) differing += 1;
    for (const cell of cells) {
      const key = `${cell.file}:${cell.state}:${cell.difference}`;
      (groups.get(key) || groups.set(key, []).get(key)).push([service, cell]);
    }
  }
  const none = SERVICES.filter(service => service.copies.some(copy => copy.kind === "no copy"));
  const largest = [...groups.values()].sort((a, b) => b.length - a.length).slice(0, 40);
  showDrawer(column.title, say("current", `as it should be in ${TOTAL - differing - none.length} of ${plural(TOTAL, "service")}`), largest.map(group => {
    const [, { file, state, difference }] = group[0];
    const alike = group.length > 1 && difference >= 0 ? ", all alike" : "";
    return [
      el("p", { class: "group" }, mark(state), `${column.files.length > 1 ? `${pathOf(file)}: ` : ""}${FILE_NAMES[state]} in ${plural(group.length, "service")}${alike}`),
      el("p", { class: "names" }, group.slice(0, 30).map(([service, cell], number) => [number ? ", " : "", button(brief(service), () => openFile(service, cell))]), group.length > 30 ? ` and ${group.length - 30} more` : ""),
    ];
  }), none.length ? [el("p", { class: "group" }, mark("no copy"), `no copy in ${plural(none.length, "service")}`), el("p", { class: "names" }, nameList(none, 30))] : null);
}
