"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  const decoded = (text) => Uint8Array.from(atob(text.trim()), (sign) => sign.charCodeAt(0));

  // ---- tables: sorted by their heads, filtered by words and by choices ------------------------------------------
  async function tables() {
    const source = decoded(document.getElementById("datatables").textContent);
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const { ITable, jQuery } = await import(address);
    URL.revokeObjectURL(address);
    const DataTable = jQuery.fn.dataTable;
    for (const table of all("table.sortable")) {
      const made = new DataTable(table, {
        paging: false, order: [], autoWidth: false, orderClasses: false,
        layout: { topStart: "search", topEnd: "info", bottomStart: null, bottomEnd: null },
        language: { search: "Filter", info: "_TOTAL_ rows", infoFiltered: "of _MAX_", infoEmpty: "No row",
          zeroRecords: "No row fits the filter" },
      });
      const box = document.createElement("div");
      box.className = "filters";
      for (const place of table.dataset.filters.split(" ").filter(Boolean)) box.append(chooser(made.column(Number(place))));
      if (table.tHead.rows[0].cells.length > KEPT) {
        const more = document.createElement("button");
        more.type = "button"; more.className = "more"; more.textContent = "All columns";
        more.setAttribute("aria-pressed", "false");
        more.addEventListener("click", () => {
          const on = table.classList.toggle("all-columns");
          more.setAttribute("aria-pressed", String(on));
          tell(table.closest(".data"));
        });
        box.append(more);
      }
      // beside the choices, not in the frame that moves
      const part = table.closest(".data");
      box.append(one(".dt-search", part), one(".dt-info", part));
      one(".wide", part).before(box);
    }
    fit();
    window.addEventListener("resize", fit);
  }

  // a table that is wider than its place goes without some columns: those that matter less first, and of these the last;
  // in a window too narrow for what matters most it is moved sideways instead
  const KEPT = 2, NARROW = 600;
  function fit() {
    for (const table of all("table.sortable")) {
      const part = table.closest(".data");
      const open = table.classList.contains("all-columns");
      table.classList.remove("all-columns");
      for (const cell of all(".away", table)) cell.classList.remove("away");
      const room = one(".wide", part).clientWidth + 1;
      const heads = [...table.tHead.rows[0].cells].slice(KEPT).reverse();
      const minor = (head) => head.classList.contains("minor");
      const others = window.innerWidth < NARROW ? [] : heads.filter((head) => !minor(head));
      for (const head of [...heads.filter(minor), ...others]) {
        if (table.getBoundingClientRect().width <= room) break;
        const place = head.cellIndex;
        // a row that says that there is none has one cell
        for (const row of table.rows) row.cells[place]?.classList.add("away");
      }
      part.classList.toggle("folded", one(".away", table) !== null);
      table.classList.toggle("all-columns", open);
      tell(part);
    }
  }

  // beside the number of rows: whether there are columns beyond the edge
  function tell(part) {
    const frame = one(".wide", part);
    part.classList.toggle("sideways", frame.scrollWidth > frame.clientWidth + 1);
  }

  function chooser(column) {
    const label = document.createElement("label");
    const select = document.createElement("select");
    const texts = [...new Set(column.nodes().toArray().map((cell) => cell.textContent))];
    label.append(column.header().textContent.trim() + " ", select);
    select.append(new Option("all", ""));
    for (const text of texts) select.append(new Option(text, text));
    select.addEventListener("change", () => {
      const wanted = select.value;
      column.search(wanted ? (text) => text.trim() === wanted : "", false, false).draw();
    });
    return label;
  }

  // ---- figures, enlarged ------------------------------------------------------------------------------------------
  function zooms() {
    const dialog = document.getElementById("zoom");
    const inside = one(".enlarged", dialog);
    for (const button of all("button.zoom")) {
      button.addEventListener("click", () => {
        const copy = one(".paper svg", document.getElementById(button.dataset.zoom)).cloneNode(true);
        inside.replaceChildren(copy);
        dialog.showModal();
        inside.focus();
      });
    }
    dialog.addEventListener("close", () => inside.replaceChildren());
  }

  // ---- maps that turn together --------------------------------------------------------------------------------------
  const HOME = { azimuth: 35, elevation: 28, zoom: 1 };
  const degrees = (angle) => `${Math.round(angle)}°`.replace("-", "−");

  class Gallery {
    constructor(root, index, bytes) {
      Object.assign(this, { root, index, bytes, scenes: [], view: { ...HOME }, object: 0 });
      this.level = index.middle;
      this.box = one(".scenes", root);
      one(".object", root)?.addEventListener("change", (event) => { this.object = Number(event.target.value); this.show(); });
      one(".level", root).addEventListener("input", (event) => { this.level = Number(event.target.value); this.draw(); });
      for (const button of all("[data-turn]", root)) button.addEventListener("click", () => this.turn(button.dataset.turn));
    }

    mesh(map) {
      const { vertices, faces, start, wide } = map.levels[this.level];
      const points = new Uint16Array(this.bytes, start, 3 * vertices);
      const ends = new (wide ? Uint32Array : Uint16Array)(this.bytes, start + 2 * Math.ceil(3 * vertices / 2) * 2, 3 * faces);
      const axis = (n) => Float32Array.from({ length: vertices }, (_, v) => 100 * (points[3 * v + n] / 65535 - 0.5));
      const corner = (n) => Uint32Array.from({ length: faces }, (_, f) => ends[3 * f + n]);
      return { type: "mesh3d", x: axis(0), y: axis(1), z: axis(2), i: corner(0), j: corner(1), k: corner(2),
        color: map.colour, hoverinfo: "skip",
        // from above, beside the reader, whose eye is on the side of negative z
        lightposition: { x: 3e4, y: 5e4, z: -6e4 },
        lighting: { ambient: 0.4, diffuse: 0.65, specular: 0.12, roughness: 0.6, fresnel: 0.02 } };
    }

    camera() {
      const [a, e] = [this.view.azimuth, this.view.elevation].map((angle) => angle * Math.PI / 180);
      return { up: { x: 0, y: 0, z: 1 }, center: { x: 0, y: 0, z: 0 },
        eye: { x: 2 * Math.cos(e) * Math.cos(a), y: 2 * Math.cos(e) * Math.sin(a), z: 2 * Math.sin(e) },
        projection: { type: "orthographic" } };
    }

    layout() {
      const axis = { visible: false, range: [-50, 50], autorange: false };
      const side = 2.3 * this.index.objects[this.object].nearer * this.view.zoom;
      return { margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", showlegend: false, autosize: true,
        scene: { camera: this.camera(), xaxis: axis, yaxis: axis, zaxis: axis, dragmode: "orbit",
          aspectmode: "manual", aspectratio: { x: side, y: side, z: side } } };
    }

    async show() {
      for (const scene of this.scenes) Plotly.purge(scene);
      this.box.replaceChildren();
      this.scenes = [];
      const object = this.index.objects[this.object];
      // few maps do not grow beyond a hand's width
      this.box.style.maxWidth = `${24 * object.maps.length}rem`;
      for (const map of object.maps) {
        const frame = document.createElement("figure");
        const scene = document.createElement("div");
        const caption = document.createElement("figcaption");
        const picture = document.createElement("img");
        scene.className = "scene";
        scene.tabIndex = 0;
        scene.setAttribute("role", "img");
        scene.setAttribute("aria-label", `${object.title}, ${map.title}: surface that turns with the arrow keys or by dragging`);
        picture.alt = `${object.title}, ${map.title}`;
        caption.textContent = map.title;
        frame.append(scene, picture, caption);
        this.box.append(frame);
        scene.addEventListener("keydown", (event) => this.key(event));
        this.scenes.push(scene);
      }
      for (const [place, scene] of this.scenes.entries()) {
        await Plotly.newPlot(scene, [this.mesh(object.maps[place])], this.layout(),
          { displayModeBar: false, responsive: true, scrollZoom: false });
        const follow = () => this.follow(scene);
        scene.on("plotly_relayouting", follow);
        scene.on("plotly_relayout", follow);
        // of a finger the library tells nobody
        for (const kind of ["touchmove", "touchend"]) {
          scene.addEventListener(kind, () => requestAnimationFrame(follow), { passive: true });
        }
      }
      this.say();
      await this.paint();
      this.root.dataset.drawn = String(this.object);
    }

    async draw() {
      const maps = this.index.objects[this.object].maps;
      await Promise.all(this.scenes.map((scene, place) => Plotly.react(scene, [this.mesh(maps[place])], this.layout())));
      this.say();
      this.picture();
    }

    say() {
      const times = this.index.levels[this.level];
      one(".level-value", this.root).textContent = `× ${times}`;
      one(".state", this.root).textContent =
        `Azimuth ${degrees(this.view.azimuth)}, elevation ${degrees(this.view.elevation)}.`;
    }

    // one scene was dragged: the others take its camera
    follow(source) {
      if (this.busy) return;
      const eye = source._fullLayout.scene._scene.getCamera().eye;
      const length = Math.hypot(eye.x, eye.y, eye.z);
      this.view.azimuth = Math.atan2(eye.y, eye.x) * 180 / Math.PI;
      this.view.elevation = Math.asin(eye.z / length) * 180 / Math.PI;
      this.place(source._fullLayout.scene._scene.getCamera(), source);
    }

    async place(camera, source) {
      this.busy = true;
      await Promise.all(this.scenes.filter((scene) => scene !== source)
        .map((scene) => Plotly.relayout(scene, { "scene.camera": camera })));
      this.busy = false;
      this.say();
      this.picture();
    }

    turn(way) {
      const view = this.view;
      if (way === "left") view.azimuth -= 15;
      if (way === "right") view.azimuth += 15;
      if (way === "up") view.elevation = Math.min(view.elevation + 15, 88);
      if (way === "down") view.elevation = Math.max(view.elevation - 15, -88);
      if (way === "in") view.zoom = Math.min(view.zoom * 1.2, 4);
      if (way === "out") view.zoom = Math.max(view.zoom / 1.2, 0.4);
      if (way === "home") this.view = { ...HOME };
      this.draw();
    }

    key(event) {
      const way = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "in", "=": "in",
        "-": "out", Home: "home" }[event.key];
      if (!way) return;
      event.preventDefault();
      this.turn(way);
    }

    // what is printed: the maps as they were turned last
    picture() {
      clearTimeout(this.later);
      this.later = setTimeout(() => this.paint(), 600);
    }

    async paint() {
      const scenes = this.scenes;
      for (const scene of scenes) {
        // another object was chosen meanwhile
        if (scenes !== this.scenes) return;
        const picture = scene.parentElement.querySelector("img");
        picture.src = await Plotly.toImage(scene, { format: "png", width: 400, height: 400 });
      }
    }
  }

  async function unpack(text) {
    return new Response(new Blob([decoded(text)]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  }

  async function galleries() {
    for (const root of all(".maps")) {
      const index = JSON.parse(document.getElementById(root.id + "-index").textContent);
      const bytes = await unpack(document.getElementById(root.dataset.surfaces).textContent);
      await new Gallery(root, index, bytes).show();
    }
  }

  // ---- print: what is folded is opened --------------------------------------------------------------------------
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const part of folded) part.open = true;
  });
  window.addEventListener("afterprint", () => { for (const part of folded) part.open = false; });

  zooms();
  Promise.all([tables(), window.Plotly ? galleries() : null]).then(() => { document.body.dataset.ready = "yes"; });
})();
