/* A draft as a form: its person corrects it, and the create tool takes it by way of the client. */
const OVER = {
  submitted: ["good", "It was created. Your assistant sees what was submitted."],
  declined: ["bad", "This draft was declined, and nothing was created."],
  expired: ["bad", "The hour for this draft is over, and nothing was created. Ask your assistant to draft it again."],
};

function notice(kind, role, ...children) {
  return make("div", { class: `notice ${kind}`, role }, children);
}

function portal(draft, text) {
  return draft.review_url && link(text, draft.review_url);
}

/* How a field is typed: what it takes, and what the draft has there. */
function kindOf(asked, value) {
  const [, , , kind] = asked;
  if (kind === "choice") return kind;
  let typed = kind;
  if (kind === "text") {
    const text = String(value ?? "");
    typed = text.length > LONGEST_LINE || /[\r\n]/.test(text) ? "paragraph" : "line";
  } else if (kind === "list") {
    const bare = (value || []).every((each) => typeof each === "string" && each && each === each.trim() && !/[\r\n]/.test(each));
    typed = bare ? "lines" : "json";
  }
  return textOf(typed, value).length > LONGEST ? "kept" : typed;
}

function textOf(kind, value) {
  if (value === undefined || value === null || value === "") return "";
  if (kind === "lines") return value.join("\n");
  if (kind === "json" || (kind === "kept" && typeof value !== "string")) {
    if (!Array.isArray(value) || !value.length) return JSON.stringify(value, null, 2);
    return `[\n${value.map((each) => `  ${JSON.stringify(each)}`).join(",\n")}\n]`;
  }
  return String(value);
}

function control(field, text) {
  const { kind, id } = field;
  const common = { id, "aria-describedby": `${id}-hint ${id}-wrong`, "aria-required": field.needed };
  if (kind === "choice") {
    return make("select", common, field.options.map(([value, word]) => make("option", { value, selected: value === text }, word)));
  }
  if (kind === "line") {
    return make("input", { ...common, value: text, keydown: (event) => { if (event.key === "Enter") field.submit(); } });
  }
  const area = make("textarea", { ...common, class: kind === "paragraph" ? "" : "code", rows: Math.min(16, Math.max(3, text.split("\n").length)), spellcheck: "false" });
  area.value = text;
  return area;
}

/* The fields of a draft: first those that it names, then the others. */
function fieldsOf(draft, submit) {
  const asked = new Map(FORMS[draft.form.submit_tool].map((each) => [each[0], each]));
  const named = new Map(draft.form.fields.map((each) => [each.name, each]));
  const order = new Set([...named.keys(), ...asked.keys()]);
  return [...order].filter((name) => asked.has(name)).map((name) => {
    const [, label, hint, , required, options] = asked.get(name);
    const value = draft.draft[name];
    const kind = kindOf(asked.get(name), value);
    const main = named.get(name);
    const text = textOf(kind, value);
    const field = {
      name, kind, value, options, submit, id: `field-${name}`, main: Boolean(main), needed: required || Boolean(main && main.required),
      label: main ? main.label : label, hint: [hint, HINTS[kind]].filter(Boolean).join(" "),
    };
    field.control = kind === "kept" ? make("pre", { tabindex: "0", "aria-labelledby": `${field.id}-label` }, `${text.slice(0, 2000)}…`) : control(field, text);
    field.wrong = make("p", { id: `${field.id}-wrong`, class: "bad" });
    return field;
  });
}

function row(field) {
  const kept = field.kind === "kept";
  return make("div", { class: "field" },
    make(kept ? "p" : "label", kept ? { id: `${field.id}-label`, class: "label" } : { for: field.id }, field.label, field.needed && make("span", { class: "quiet" }, " (needed)")),
    make("p", { id: `${field.id}-hint`, class: "hint" }, kept ? "Too long to be changed here. It is created as it was drafted." : field.hint),
    field.control, field.wrong);
}

/* What was typed as arguments, and what is no argument. */
function read(fields) {
  const given = {};
  const wrong = [];
  for (const { name, kind, value, needed, control: typed } of fields) {
    if (kind === "kept") {
      given[name] = value;
      continue;
    }
    const text = typed.value.trim();
    if (!text) {
      if (needed) wrong.push({ path: name, message: "This is needed." });
    } else if (kind === "lines") {
      given[name] = text.split("\n").map((each) => each.trim()).filter(Boolean);
    } else if (kind === "json") {
      try {
        given[name] = JSON.parse(text);
      } catch (error) {
        wrong.push({ path: name, message: `This is not JSON: ${error.message}` });
      }
    } else {
      given[name] = text;
    }
  }
  return { given, wrong };
}

/* A pattern says nothing to most people. */
function plainly(said) {
  return said.startsWith("String should match pattern") ? "This does not have the right form." : said;
}

/* Says what is wrong at the field that it is about; what is about none, above them. The first such field. */
function complain(fields, wrong, summary, message) {
  const by = new Map(fields.map((field) => [field.name, field]));
  const others = [];
  for (const field of fields) {
    field.wrong.textContent = "";
    field.control.removeAttribute("aria-invalid");
  }
  for (const { path, message: said } of wrong) {
    const field = by.get(String(path).match(/^\w*/)[0]);
    if (!field) {
      others.push(said);
      continue;
    }
    field.wrong.append(path === field.name ? plainly(said) : `${path}: ${plainly(said)}`, " ");
    field.control.setAttribute("aria-invalid", "true");
    const inside = field.control.closest("details");
    if (inside) inside.open = true;
  }
  const above = wrong.length && !others.length ? ["It cannot be created like this. What is wrong stands at each field."] : [message, ...others];
  const texts = [...new Set(above)].filter(Boolean);
  summary.replaceChildren(...(texts.length ? [notice("bad", null, texts.map((each) => make("p", {}, each)))] : []));
  return fields.find((field) => field.control.hasAttribute("aria-invalid"));
}

/* The same of what was just sent; the field is where the person goes on. */
function refuse(fields, wrong, summary, message) {
  const first = complain(fields, wrong, summary, message);
  if (first) first.control.focus();
}

function tell(draft, given, made) {
  if (!client.can.updateModelContext) return;
  const text = `The person submitted the draft ${draft.review ? draft.review.id : ""} with ${draft.form.submit_tool}. `
    + `Arguments: ${JSON.stringify(given)}. Answer: ${JSON.stringify(made)}`;
  client.ask("ui/update-model-context", { content: [{ type: "text", text: text.slice(0, 20000) }] }).catch(() => {});
}

function created(draft) {
  show(make("h1", { tabindex: "-1" }, draft.form.title), notice("good", "status", make("p", {}, OVER.submitted[1])));
  document.querySelector("h1").focus();
}

function facts(draft) {
  const numbers = Object.entries(draft.preview || {}).filter(([, value]) => typeof value === "number");
  return numbers.length ? make("p", { class: "quiet" }, numbers.map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`).join(" · ")) : null;
}

function notes(draft) {
  return draft.issues.filter((each) => each.severity === "note").map((each) => notice("", null, make("p", {}, each.message)));
}

function form(draft) {
  const summary = make("div", { role: "alert" });
  const button = make("button", { type: "button", class: "primary", click: () => submit() }, "Create it");
  const fields = fieldsOf(draft, () => submit());
  async function submit() {
    if (button.disabled) return;
    const { given, wrong } = read(fields);
    if (wrong.length) return refuse(fields, wrong, summary, "");
    button.disabled = true;
    say("Creating…");
    try {
      const asked = draft.review ? { ...given, review_id: draft.review.id } : given;
      const result = await client.ask("tools/call", { name: draft.form.submit_tool, arguments: asked });
      const made = answered(result);
      if (!result.isError) {
        tell(draft, given, made);
        return created(draft);
      }
      const message = made && made.message ? made.message : String(made);
      refuse(fields, (made && made.details) || [], summary, message);
    } catch (error) {
      refuse(fields, [], summary, `The client did not pass it on: ${error.message}`);
    }
    button.disabled = false;
    say("");
  }
  const rest = fields.filter((field) => !field.main);
  const filled = rest.some((field) => field.value !== undefined && field.value !== "");
  show(
    make("h1", {}, draft.form.title), notes(draft), facts(draft), summary,
    fields.filter((field) => field.main).map(row),
    rest.length ? make("details", { open: filled }, make("summary", {}, "Further settings"), rest.map(row)) : null,
    make("div", { class: "buttons" }, button, portal(draft, "Decline it, or go on in the portal")),
  );
  const wrong = draft.issues.filter((each) => each.severity === "error").map((each) => ({ path: each.field, message: each.message }));
  if (wrong.length) complain(fields, wrong, summary, "");
}

/* Where the client lets pages call nothing: what is drafted, and the page of the portal for it. */
function shown(draft) {
  const text = (value) => {
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) return textOf("lines", value);
    return textOf(typeof value === "object" ? "json" : "line", value);
  };
  const rows = draft.form.fields.filter((each) => draft.draft[each.name] !== undefined);
  show(
    make("h1", {}, draft.form.title), notes(draft), facts(draft),
    make("dl", {}, rows.flatMap((each) => [make("dt", {}, each.label), make("dd", {}, text(draft.draft[each.name]).slice(0, 2000))])),
    draft.issues.filter((each) => each.severity === "error").map((each) => notice("bad", null, make("p", {}, each.message))),
    make("p", {}, portal(draft, "Correct it and create it in the portal") || "Tell your assistant whether it shall be created."),
  );
}

function showDraft(result) {
  const draft = answered(result);
  if (result.isError || !draft || !draft.form || !FORMS[draft.form.submit_tool]) {
    show(notice("bad", "alert", make("p", {}, (draft && draft.message) || "There is no draft to show.")));
    return;
  }
  const over = draft.review && OVER[draft.review.state];
  if (over) {
    show(make("h1", {}, draft.form.title), notice(over[0], null, make("p", {}, over[1])), draft.review.note && make("p", {}, draft.review.note));
  } else if (client.can.serverTools) form(draft);
  else shown(draft);
}

client.on("ui/notifications/tool-result", showDraft);
begin("catalog-mcp review");
