"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const coarse = matchMedia("(pointer: coarse)").matches;
  const config = {
    displaylogo: false,
    responsive: true,
    doubleClick: "reset",
    displayModeBar: matchMedia("(hover: hover)").matches ? "hover" : false,
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
    showSendToCloud: false,
    plotlyServerURL: "",
  };
  const holder = (id) => document.getElementById("chart-" + id);
  for (const [id, chart] of Object.entries(charts)) {
    // A finger that scrolls must not zoom.
    if (coarse) chart.layout.dragmode = false;
    if (holder(id).clientWidth < 480) chart.layout.font.size = 11;
    Plotly.newPlot(holder(id), chart.data, chart.layout, config);
  }

  const choose = document.getElementById("choose");
  choose.addEventListener("change", () => {
    for (const [id, chart] of Object.entries(charts)) {
      const places = [], visible = [];
      chart.data.forEach((trace, place) => {
        if (!trace.meta || !trace.meta.predictor) return;
        places.push(place);
        visible.push(trace.meta.predictor === choose.value);
      });
      if (places.length) Plotly.restyle(holder(id), { visible }, places);
    }
  });

  const value = (row, column) => row.cells[column].dataset.sort;
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") !== "descending" && column > 0
        || head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [left, right] = [value(a, column), value(b, column)];
        if (left === "" || right === "") return (left === "") - (right === "");
        const order = column === 0 ? left.localeCompare(right) : Number(left) - Number(right);
        return descending ? -order : order;
      });
      table.tBodies[0].append(...rows);
    }));
  }

  const fit = () => Object.keys(charts).forEach((id) => Plotly.Plots.resize(holder(id)));
  matchMedia("print").addEventListener("change", fit);
  addEventListener("afterprint", fit);
})();
