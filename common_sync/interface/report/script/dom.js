/* How elements are made: text is only ever text. */

const $ = id => document.getElementById(id);

const el = (tag, props = {}, ...kids) => {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "style") for (const [name, to] of Object.entries(value)) node.style.setProperty(name, to);
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...kids.flat(3).filter(kid => kid !== null && kid !== undefined && kid !== false && kid !== ""));
  return node;
};

const svg = (tag, props, ...kids) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(props)) node.setAttribute(key, value);
  node.append(...kids);
  return node;
};

const classOf = kind => `k-${kind.replace(" ", "-")}`;
const mark = kind => svg("svg", { class: `mark ${classOf(kind)}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("use", { href: `#${classOf(kind)}` }));
const button = (text, act, props = {}) => el("button", { type: "button", class: "link", onclick: act, ...props }, text);

/** A command, and what copies it. */
const command = text => {
  const words = el("span", {}, text);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(words);
    }
    setTimeout(() => { said.textContent = "copy"; }, 1500);
  };
  const said = el("button", { type: "button", onclick: copy, "aria-label": `copy ${text}` }, "copy");
  return el("span", { class: "command" }, words, said);
};

/** The names of services, each opening what is known of it. */
const nameList = (services, most) => [
  services.slice(0, most).map((service, number) => [number ? ", " : "", button(brief(service), () => openService(service))]),
  services.length > most ? ` and ${services.length - most} more` : "",
];
