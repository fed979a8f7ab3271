// The controls of the options, built from the server's own table.

import { element } from "./elements.js";

const FEATURED = ["diarize", "redact_pii", "redact_pci", "numerals", "punctuate", "vad_events"];
const SET_BY_THE_PAGE = ["encoding", "sample_rate", "language", "external_session_id"];
const CAPITALS = new Set(["pii", "pci", "vad", "itn", "eou", "ms"]);
const KEPT = "sferic-options";

export class OptionsForm {
  constructor({ options, titles, languages }, { featured, others, language, onchange }) {
    this.values = remembered();
    this.specs = new Map(options.map((spec) => [spec.name, spec]));
    this.onchange = onchange;
    this.language(language, languages);
    const shown = options.filter((spec) => spec.available && !SET_BY_THE_PAGE.includes(spec.name));
    for (const name of Object.keys(this.values)) {
      if (name !== "language" && !shown.some((spec) => spec.name === name)) delete this.values[name];
    }
    featured.replaceChildren(
      ...FEATURED.flatMap((name) => shown.filter((spec) => spec.name === name)).map((spec) => this.control(spec)),
    );
    const groups = Object.entries(titles).map(([group, title]) => {
      const specs = shown.filter((spec) => spec.group === group && !FEATURED.includes(spec.name));
      if (specs.length === 0) return "";
      return element("fieldset", {}, element("legend", {}, title), ...specs.map((spec) => this.control(spec)));
    });
    others.replaceChildren(...groups);
  }

  /** What differs from the defaults, as the pairs of a query. */
  get changed() {
    return Object.entries(this.values).filter(([name, value]) => value !== this.specs.get(name).default);
  }

  /** The query with these options, and `more` before them. */
  query(more = {}) {
    return new URLSearchParams([...Object.entries(more), ...this.changed]).toString();
  }

  set(name, value) {
    if (value === "" || value === this.specs.get(name).default) delete this.values[name];
    else this.values[name] = value;
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.values));
    } catch {
      // Then they hold for as long as the page is open.
    }
    this.onchange();
  }

  language(select, languages) {
    const option = ({ code, name }) => element("option", { value: code }, name);
    const spoken = languages.filter((one) => !one.detected).sort((a, b) => a.name.localeCompare(b.name));
    const detected = languages.filter((one) => one.detected);
    select.replaceChildren(
      element("optgroup", { label: "Languages" }, ...spoken.map(option)),
      element("optgroup", { label: "Detected in each segment" }, ...detected.map(option)),
    );
    const wanted = this.values.language ?? this.specs.get("language").default;
    const served = languages.some(({ code }) => code === wanted);
    select.value = served ? wanted : (spoken[0] ?? detected[0])?.code;
    if (!served) delete this.values.language;
    select.onchange = () => this.set("language", select.value);
  }

  control(spec) {
    const id = `option-${spec.name}`;
    const label = element("label", { for: id }, titled(spec.name));
    const doc = element("p", { id: `${id}-doc`, class: "doc" }, ...marked(spec.doc));
    const input = this.input(spec, { id, "aria-describedby": `${id}-doc`, "data-option": spec.name });
    return element("div", { class: `option ${spec.kind}` }, label, input, doc);
  }

  input(spec, attributes) {
    const value = this.values[spec.name] ?? spec.default;
    const either = spec.default !== "";
    if (spec.kind === "flag" && either) {
      const input = element("input", { type: "checkbox", role: "switch", ...attributes });
      input.checked = value === "true";
      input.onchange = () => this.set(spec.name, String(input.checked));
      return input;
    }
    if (spec.values) {
      const values = either ? spec.values : ["", ...spec.values];
      const choices = values.map((one) => element("option", { value: one }, one || "unset"));
      const select = element("select", attributes, ...choices);
      select.value = value;
      select.onchange = () => this.set(spec.name, select.value);
      return select;
    }
    const bounds = { min: spec.minimum, max: spec.maximum, step: spec.step };
    const kind = spec.kind === "number" ? { type: "number", ...bounds } : { type: "text" };
    const input = element("input", { ...kind, ...attributes, placeholder: spec.default || "unset" });
    input.value = this.values[spec.name] ?? "";
    input.onchange = () => input.reportValidity() && this.set(spec.name, input.value);
    return input;
  }
}

function titled(name) {
  const words = name.split("_").map((word) => (CAPITALS.has(word) ? word.toUpperCase() : word));
  const text = words.join(" ").replace(/ MS$/, " (ms)");
  return text[0].toUpperCase() + text.slice(1);
}

/** The Markdown of a line: text, and code between backticks. */
function marked(line) {
  return line.split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));
}

function remembered() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return typeof kept === "object" && kept !== null ? { ...kept } : {};
  } catch {
    return {};
  }
}
