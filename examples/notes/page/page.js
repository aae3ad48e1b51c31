// The page: it sends states of figures to the worker and shows the views that come back. It computes nothing itself.
"use strict";

const worker = new Worker("worker.js");
const figures = new Map();
let live = false, count = 0;

// A text has two forms, of which the style sheet shows one; a string needs no translation.
function both(text, element) {
  const e = document.createElement(element || "span");
  if (typeof text === "string") {
    e.textContent = text;
    return e;
  }
  for (const lang of ["en", "zh"]) {
    const part = document.createElement("span");
    part.className = lang;
    part.textContent = text[lang];
    e.append(part);
  }
  return e;
}

class Figure {
  constructor(element) {
    this.element = element;
    this.name = element.dataset.figure;
    this.pictures = element.querySelector(".pictures");
    this.button = element.querySelector("button.work");
    this.state = {};
    this.asked = this.again = false;
    for (const c of element.querySelectorAll("[data-control]")) this.control(c);
    if (this.button) this.button.addEventListener("click", () => this.send(this.working ? "stop" : "start"));
    this.pad();
  }

  control(c) {
    const name = c.dataset.control;
    if (c.type === "hidden") {
      this.state[name] = JSON.parse(c.value);
      return;
    }
    const output = c.parentElement.querySelector("output");
    const read = () => {
      this.state[name] = c.type === "range" ? Number(c.value) : c.value;
      if (output) output.textContent = c.value;
    };
    read();
    c.addEventListener("input", () => { read(); this.send(""); });
    c.addEventListener("change", () => { read(); if (c.dataset.restarts) this.send("start"); });
  }

  // Only one question at a time: what the reader did meanwhile is asked when the answer is there.
  send(work) {
    if (!live) return;
    if (this.asked && work === "") { this.again = true; return; }
    const id = ++count;
    if (work === "start") this.works(true);
    if (work === "") this.asked = id;
    worker.postMessage({ id, figure: this.name, state: JSON.stringify(this.state), work });
  }

  works(on) {
    this.working = on;
    if (this.button) this.button.replaceChildren(both(on ? { en: "stop", zh: "停止" } : JSON.parse(this.button.dataset.label)));
  }

  show(message) {
    if (message.working !== undefined) this.works(message.working);
    if (message.error) {
      const note = this.element.querySelector(".note");
      note.textContent = message.error;
      note.classList.add("error");
    }
    if (message.view) this.draw(message.view);
    if (message.id && message.id === this.asked) {
      this.asked = 0;
      if (this.again) { this.again = false; this.send(""); }
    }
  }

  draw(view) {
    if (!this.drawing) this.pictures.innerHTML = (view.pictures || []).join("");
    const numbers = this.element.querySelector(".numbers");
    numbers.replaceChildren(...(view.numbers || []).map(n => {
      const row = document.createElement("div"), value = document.createElement("dd");
      value.dataset.key = n.key;
      value.textContent = n.value;
      row.append(both(n.label, "dt"), value);
      return row;
    }));
    this.element.querySelector(".tables").replaceChildren(...(view.tables || []).map(table));
    for (const [name, label] of Object.entries(view.labels || {}))
      this.element.querySelector(`[data-control=${name}]`).parentElement.firstElementChild.textContent = label;
    const note = this.element.querySelector(".note");
    note.classList.remove("error");
    note.replaceChildren(both(view.note));
    this.answeredAt = performance.now();
  }

  // Points, curves and ink are drawn on the first picture, in the units of its viewBox.
  pad() {
    const input = this.element.querySelector("[data-kind=point], [data-kind=curve], [data-kind=ink]");
    if (!input) return;
    const name = input.dataset.control, kind = input.dataset.kind;
    const choose = () => { // a drawing is used as soon as there is one
      const select = this.element.querySelector('select option[value="drawn"]');
      if (select) { select.parentElement.value = "drawn"; this.state[select.parentElement.dataset.control] = "drawn"; }
    };
    const place = event => {
      const svg = this.pictures.querySelector("svg"), box = svg.getBoundingClientRect(), unit = svg.viewBox.baseVal;
      return [(event.clientX - box.left) * unit.width / box.width, (event.clientY - box.top) * unit.height / box.height];
    };
    let stroke = null, line = null;
    this.pictures.addEventListener("pointerdown", event => {
      const svg = this.pictures.querySelector("svg");
      if (!live || !svg.contains(event.target) || event.button) return;
      event.preventDefault();
      this.pictures.setPointerCapture(event.pointerId);
      this.drawing = kind !== "point";
      stroke = place(event);
      if (kind === "point") { this.state[name] = stroke; this.send(""); return; }
      line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
      line.setAttribute("class", "stroke");
      svg.append(line);
    });
    this.pictures.addEventListener("pointermove", event => {
      if (!stroke) return;
      const [x, y] = place(event);
      if (kind === "point") { this.state[name] = [x, y]; this.send(""); return; }
      stroke.push(x, y);
      line.setAttribute("points", stroke.join(" "));
    });
    const end = () => {
      if (!stroke) return;
      this.drawing = false;
      if (kind === "curve") this.state[name] = stroke;
      if (kind === "ink") this.state[name] = [...(this.state[name] || []), stroke];
      stroke = null;
      if (kind !== "point") choose();
      this.send(input.dataset.restarts ? "start" : "");
    };
    this.pictures.addEventListener("pointerup", end);
    this.pictures.addEventListener("pointercancel", end);
    if (kind === "point") {
      this.pictures.tabIndex = 0;
      this.pictures.addEventListener("keydown", event => {
        const step = { ArrowLeft: [-4, 0], ArrowRight: [4, 0], ArrowUp: [0, -4], ArrowDown: [0, 4] }[event.key];
        if (!step) return;
        event.preventDefault();
        this.state[name] = [this.state[name][0] + step[0], this.state[name][1] + step[1]];
        this.send("");
      });
    }
    const clear = this.element.querySelector("button.clear");
    if (clear) clear.addEventListener("click", () => { this.state[name] = []; choose(); this.send(""); });
  }
}

function table(t) {
  const scroll = document.createElement("div"), e = document.createElement("table"), head = document.createElement("tr");
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  head.append(...t.head.map(h => both(h, "th")));
  e.append(both(t.title, "caption"), head, ...t.rows.map(row => {
    const r = document.createElement("tr");
    r.append(...row.map(text => both(text, "td")));
    return r;
  }));
  scroll.append(e);
  return scroll;
}

const status = document.getElementById("status");
worker.onmessage = event => {
  const message = typeof event.data === "string" ? JSON.parse(event.data) : event.data;
  if (message.progress !== undefined) {
    status.replaceChildren(both({ en: `Loading the library: ${message.progress} %`, zh: `正在载入程序库：${message.progress} %` }));
  } else if (message.failed) {
    status.replaceChildren(both({ en: "The library cannot run here; the pictures are those computed beforehand. " + message.failed,
      zh: "此处无法运行程序库，图片是事先算好的。" + message.failed }));
  } else if (message.ready) {
    live = true;
    document.documentElement.dataset.live = "true";
    status.classList.add("live");
    status.replaceChildren(both({ en: "Live: every number is now computed in this page.", zh: "已就绪：所有的数都在本页中实时计算。" }));
    for (const e of document.querySelectorAll("figure [disabled]")) e.disabled = false;
    const seen = new IntersectionObserver(entries => entries.forEach(entry => {
      if (!entry.isIntersecting) return;
      seen.unobserve(entry.target);
      figures.get(entry.target.dataset.figure).send("start");
    }), { threshold: 0.2 });
    for (const f of figures.values()) if (f.button) seen.observe(f.element);
  } else if (message.figure) {
    figures.get(message.figure).show(message);
  }
};

for (const e of document.querySelectorAll("figure[data-figure]")) figures.set(e.dataset.figure, new Figure(e));

function speak(lang) {
  document.documentElement.lang = lang;
  document.title = document.querySelector("h1 ." + lang).textContent;
  for (const o of document.querySelectorAll("option")) o.textContent = o.dataset[lang];
  try { localStorage.setItem("lang", lang); } catch { /* private windows */ }
}
for (const b of document.querySelectorAll("button[data-lang]")) b.addEventListener("click", () => speak(b.dataset.lang));
let stored = null;
try { stored = localStorage.getItem("lang"); } catch { /* private windows */ }
speak(stored || ((navigator.language || "").startsWith("zh") ? "zh" : "en"));
