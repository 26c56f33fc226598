/* What is shown, kept in the address so that it can be sent to somebody. */

const view = {
  q: "", kind: "", version: "", service: "", file: "", sort: "worst",
  columns: D.files.length <= 40 ? "all" : DIFFERING.size && DIFFERING.size <= 60 ? "differ" : "folders",
  rows: TOTAL > 12 && GOOD < TOTAL ? "differ" : "all",
};
const USUAL = { ...view };

function readAddress() {
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) if (Object.hasOwn(view, key)) view[key] = value;
}

function writeAddress() {
  const words = new URLSearchParams(Object.entries(view).filter(([key, value]) => value !== USUAL[key]));
  try {
    history.replaceState(null, "", words.size ? `#${words}` : location.pathname + location.search);
  } catch { /* some browsers refuse it for a file */ }
}

function refresh() {
  const chosen = document.activeElement?.dataset?.kind;
  showBar();
  showCards();
  showControls();
  showGrid();
  writeAddress();
  if (chosen) document.querySelector(`.chips [data-kind="${chosen}"]`)?.focus();
}

function chooseCell(event) {
  const cell = event.target.closest(".cell");
  if (!cell) return;
  $("tip").hidden = true;
  cell.focus();
  for (const one of document.querySelectorAll(".cell.on")) one.classList.remove("on");
  cell.classList.add("on");
  const { service } = cell.closest(".row");
  const column = shown.columns[Number(cell.dataset.column)];
  const cells = service.cells.filter(one => column.files.includes(one.file));
  if (cells.length === 1) openFile(service, cells[0]);
  else openService(service, column);
}

function showTip(event) {
  const cell = event.target.closest(".cell");
  $("tip").hidden = !cell;
  if (!cell) return;
  const box = cell.getBoundingClientRect();
  $("tip").textContent = cell.getAttribute("aria-label");
  $("tip").style.left = `${Math.max(0, Math.min(box.left, innerWidth - 350))}px`;
  $("tip").style.top = `${box.bottom + 8}px`;
}

function listen() {
  $("filter").addEventListener("input", () => { view.q = $("filter").value.trim(); showGrid(); writeAddress(); });
  $("sort").addEventListener("change", () => { view.sort = $("sort").value; showGrid(); writeAddress(); });
  $("grid").addEventListener("click", chooseCell);
  $("grid").addEventListener("pointerover", showTip);
  $("grid").addEventListener("pointerleave", () => { $("tip").hidden = true; });
  $("grid").addEventListener("keydown", moveInGrid);
  addEventListener("keydown", event => {
    if (event.key === "Escape") closeDrawer();
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); $("filter").focus(); }
  });
  matchMedia("(max-width: 680px)").addEventListener("change", showGrid);
  addEventListener("beforeprint", () => { for (const row of document.querySelectorAll(".row")) fillRow(row); });
  $("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
}

function openAsked() {
  const service = SERVICES.find(one => one.name === view.service);
  const cell = view.file && service?.cells.find(one => pathOf(one.file) === view.file);
  if (cell) openFile(service, cell);
  else if (service) openService(service);
}

readAddress();
$("static").remove();
$("app").hidden = $("main").hidden = false;
showHead();
showLegend();
showBar();
showCards();
showControls();
$("filter").value = view.q;
showGrid();
listen();
openAsked();
document.documentElement.dataset.ready = String(Math.round(performance.now()));
