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
  // Cells too narrow for their numbers lose them; names that would cover each other are thinned out.
  const slim = (chart, width) => {
    const cells = chart.data.filter((trace) => trace.type === "heatmap");
    if (!cells.length) return;
    const each = 0.66 * width / cells[0].x.length;
    if (each < 24) for (const trace of cells) delete trace.texttemplate;
    const step = Math.ceil(17 / each);
    const axis = chart.layout.xaxis;
    for (const key of ["tickvals", "ticktext"]) axis[key] = axis[key].filter((_, place) => place % step === 0);
    const longest = Math.max(...axis.ticktext.flatMap((text) => text.split("<br>")).map((word) => word.length));
    axis.tickangle = 6.6 * longest > step * each ? -90 : 0;
  };
  for (const [id, chart] of Object.entries(charts)) {
    slim(chart, holder(id).clientWidth);
    // A finger that scrolls must not zoom.
    if (coarse) chart.layout.dragmode = false;
    if (holder(id).clientWidth < 480) chart.layout.font.size = 11;
    Plotly.newPlot(holder(id), chart.data, chart.layout, config);
  }

  // A chart that shows one predictor at a time names it in its traces; its layout's meta holds what else changes.
  const show = (id, predictor) => {
    const places = [], visible = [];
    charts[id].data.forEach((trace, place) => {
      if (!trace.meta || !trace.meta.predictor) return;
      places.push(place);
      visible.push(trace.meta.predictor === predictor);
    });
    if (!places.length) return;
    const own = (charts[id].layout.meta || {})[predictor];
    Plotly.update(holder(id), { visible }, own ? own.layout : {}, places);
    if (!own) return;
    document.querySelector("#figure-" + id + " h3").textContent = own.heading;
    holder(id).setAttribute("aria-label", own.heading);
  };
  for (const choose of document.querySelectorAll("select.choose")) {
    const here = [...choose.closest("section").querySelectorAll(".chart")].map((one) => one.id.slice("chart-".length));
    choose.addEventListener("change", () => here.forEach((id) => show(id, choose.value)));
  }

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
        const order = isNaN(left) || isNaN(right) ? left.localeCompare(right) : left - right;
        return descending ? -order : order;
      });
      table.tBodies[0].append(...rows);
    }));
  }

  // A choice hides the rows with another word in the column that it names.
  for (const choose of document.querySelectorAll("select.filter")) {
    const table = document.getElementById(choose.dataset.table);
    const place = [...table.tHead.rows[0].cells].findIndex((head) => head.textContent.trim() === choose.dataset.column);
    choose.addEventListener("change", () => {
      for (const row of table.tBodies[0].rows) {
        row.hidden = choose.value !== "" && row.cells[place].textContent.trim() !== choose.value;
      }
    });
  }

  const fit = () => Object.keys(charts).forEach((id) => Plotly.Plots.resize(holder(id)));
  matchMedia("print").addEventListener("change", fit);
  addEventListener("afterprint", fit);
})();
