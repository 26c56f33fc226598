/* What the document says, and what follows from it. */

const D = JSON.parse(document.getElementById("data").textContent);
const SERVICES = D.services;
const TOTAL = SERVICES.length;
const SEVERAL = D.libraries.length > 1;

const SAYS = {
  current: "as in the master",
  stale: "as it was put there; the master has changed since",
  missing: "gone from the copy",
  unmanaged: "the copy has no manifest",
  modified: "edited in the copy; the master has not changed",
  diverged: "edited in the copy, and the master has changed too",
  extra: "neither the master nor the manifest has it",
};
const FILE_NAMES = { ...D.kinds, extra: "unknown file", missing: "missing" };
const DECIDED = new Set(["modified", "diverged", "extra"]);
const RANK = Object.fromEntries(Object.keys(D.kinds).map((kind, rank) => [kind, rank]));

for (const service of SERVICES) {
  service.cells = D.lists[service.list].map(([file, state, difference = -1]) => ({ file, state: D.states[state], difference }));
  service.word ||= service.name;
  service.ok = service.kind === "current";
  for (const copy of service.copies) copy.library ??= 0;
}
const GOOD = SERVICES.filter(service => service.ok).length;
const DIFFERING = new Set(SERVICES.flatMap(service => service.cells.map(cell => cell.file)));

/** The copy of a library that a service has; none where it does not get that library. */
const copyOf = (service, library) => service.copies.find(copy => copy.library === library);

const plural = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
const day = time => new Date(time * 1000).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
const shortDay = time => new Date(time * 1000).toLocaleDateString("en", { day: "numeric", month: "short" });
const clock = (time, seconds) => new Date(time * 1000).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hourCycle: "h23" });

/** What stands below three times, the shortest that tells them apart: with a year, as days, as times of day; what repeats is left out. */
function axisLabels(...times) {
  const forms = [
    ...(new Date(times[0] * 1000).getFullYear() === new Date(times[2] * 1000).getFullYear() ? [shortDay] : [day]),
    time => `${shortDay(time)}, ${clock(time)}`,
    time => `${shortDay(time)}, ${clock(time, true)}`,
  ];
  const labels = forms.map(form => times.map(form));
  const best = labels.find(several => new Set(several).size === several.length) || labels[2];
  return best.map((label, number) => best.indexOf(label) === number ? label : "");
}

/** The folder that all services lie in, which names do without. */
const PREFIX = (() => {
  const heads = SERVICES.map(service => service.name.slice(0, service.name.lastIndexOf("/") + 1));
  return heads.length && heads.every(head => head === heads[0]) ? heads[0] : "";
})();
const brief = service => service.name.slice(PREFIX.length);

/** The package that most files lie in: the heads of the columns do without it. */
const PACKAGE = (() => {
  const number = new Map();
  for (const [, path] of D.files) {
    const at = path.indexOf("/");
    if (at > 0) number.set(path.slice(0, at + 1), (number.get(path.slice(0, at + 1)) || 0) + 1);
  }
  const [name, most] = [...number].sort((a, b) => b[1] - a[1])[0] || ["", 0];
  return most > D.files.length * 0.6 ? name : "";
})();
const pathOf = file => (SEVERAL ? `${D.libraries[D.files[file][0]].path}/` : "") + D.files[file][1];
const folderOf = path => path.slice(0, Math.max(path.lastIndexOf("/"), 0)) || ".";
const labelOf = path => (path === "." ? "top folder" : path.startsWith(PACKAGE) ? path.slice(PACKAGE.length) : path);

/** How long a service has not been in sync, in words. */
const sinceText = service => {
  const [time, commits, longer] = service.since;
  return longer ? `since before ${day(time)}` : `since ${day(time)}, ${plural(commits, "commit")}`;
};
const versionOf = copy => (copy.kind === "no copy" ? "no copy" : copy.version || (copy.kind === "unmanaged" ? "no manifest" : "no version"));
const pinOf = copy => (copy.pinned ? `pinned to ${copy.pinned}${copy.commit && !copy.commit.startsWith(copy.pinned) ? ` (${copy.commit.slice(0, 7)})` : ""}` : "");
