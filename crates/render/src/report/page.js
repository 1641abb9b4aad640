"use strict";
for (const table of document.querySelectorAll("table")) {
  const bodies = Array.from(table.tBodies);
  if (bodies.length < 2) continue;
  const value = (body, column) => {
    const text = body.rows[0].cells[column].textContent;
    const number = parseFloat(text.replace(/[,≥<\s]/g, ""));
    return Number.isNaN(number) ? text : number;
  };
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const compare = (left, right) => {
        const [a, b] = [value(left, column), value(right, column)];
        if (typeof a === "number" && typeof b === "number") return a - b;
        if (typeof a !== typeof b) return typeof a === "number" ? 1 : -1;
        return a.localeCompare(b);
      };
      bodies.sort((left, right) => (up ? compare(left, right) : compare(right, left)));
      for (const body of bodies) table.insertBefore(body, table.tFoot);
    });
  });
}
for (const figure of document.querySelectorAll("figure.tips")) {
  const svg = figure.querySelector("svg");
  const { heads, end, rows } = JSON.parse(figure.querySelector("script").textContent);
  const width = svg.viewBox.baseVal.width;
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  figure.append(tip);
  const line = document.createElementNS(svg.namespaceURI, "line");
  line.setAttribute("class", "s-axis");
  line.setAttribute("y1", "60");
  line.setAttribute("y2", String(svg.viewBox.baseVal.height - 30));
  let shown = -1;
  const hide = () => {
    tip.hidden = true;
    line.remove();
  };
  const show = (place) => {
    shown = place;
    const [at, values] = rows[place];
    tip.textContent = values.map((text, index) => (heads[index] ? heads[index] + "  " + text : text)).join("\n");
    tip.hidden = false;
    line.setAttribute("x1", String(at));
    line.setAttribute("x2", String(at));
    svg.append(line);
    const left = (at / width) * svg.clientWidth;
    const fits = left + 14 + tip.offsetWidth < svg.clientWidth;
    tip.style.left = (fits ? left + 14 : Math.max(0, left - 14 - tip.offsetWidth)) + "px";
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    const after = rows.findIndex((row) => row[0] > x);
    const place = after < 0 ? rows.length - 1 : after - 1;
    if (place < 0 || x > end) hide();
    else show(place);
  });
  svg.addEventListener("pointerleave", hide);
  figure.addEventListener("blur", hide);
  figure.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(Math.min(rows.length - 1, Math.max(0, shown + step)));
  });
}
