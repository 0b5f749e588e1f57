(() => {
  const rows = [...document.querySelectorAll("tbody tr")];
  const row = id => rows.find(r => r.dataset.step === id);
  const bars = [...document.querySelectorAll(".bar")];
  const chart = document.querySelector(".chart");
  const tip = document.getElementById("tip");
  const text = r => [...r.cells].map(c => c.textContent);
  // Text goes in as text: nothing in a name can become an element.
  const show = (id, event) => {
    const r = row(id);
    if (!r) return;
    const [, part, step, began, took, , state, last, saw] = text(r);
    tip.textContent = "";
    const title = document.createElement("b");
    title.textContent = step;
    const lines = [part + ": " + state + (took ? ", began at " + began + ", took " + took : "")];
    if (last) lines.push("last waited for: " + last);
    if (saw) lines.push(saw);
    tip.append(title, lines.join("\n"));
    tip.hidden = false;
    const x = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const y = Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 8);
    tip.style.left = x + "px";
    tip.style.top = y + "px";
  };
  const relate = id => {
    const own = bars.find(b => b.dataset.step === id);
    if (!own || !chart) return;
    const before = own.dataset.after.split(" ");
    chart.classList.add("pointed");
    for (const b of bars) {
      const after = b.dataset.after.split(" ").includes(id);
      b.classList.toggle("on", b === own || after || before.includes(b.dataset.step));
      b.classList.toggle("self", b === own);
    }
  };
  const clear = () => {
    tip.hidden = true;
    if (chart) chart.classList.remove("pointed");
    for (const b of bars) b.classList.remove("on", "self");
  };
  for (const element of document.querySelectorAll(".bar,.path i")) {
    element.addEventListener("mousemove", e => show(element.dataset.step, e));
    element.addEventListener("mouseenter", () => relate(element.dataset.step));
    element.addEventListener("mouseleave", clear);
  }
  document.querySelectorAll("th").forEach((head, column) => {
    head.addEventListener("click", () => {
      const down = head.classList.contains("up");
      document.querySelectorAll("th").forEach(h => h.classList.remove("up", "down"));
      head.classList.add(down ? "down" : "up");
      const key = r => {
        const cell = r.cells[column];
        if (!head.dataset.by) return cell.textContent;
        return Number(cell.dataset.n ?? cell.textContent);
      };
      const sorted = [...rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
      });
      document.querySelector("tbody").append(...sorted);
    });
  });
})();
