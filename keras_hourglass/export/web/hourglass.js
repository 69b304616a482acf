/**
 * Pose estimation in the browser, as `hourglass-keras export --format web` writes it.
 *
 * The steps are those of `PoseEstimator`: the network sees the whole image, then a
 * window around the joints that it has found, and its keypoints become image pixels.
 *
 * `about.json` describes the network, the element `drawing` the colors. The network is
 * run by LiteRT.js. https://ai.google.dev/edge/litert/web
 */

const NETWORK = "hourglass.tflite";
const BAND_ROWS = 1024; // of an image, read at a time: phones limit a canvas's size
const MAX_SHOWN = 1600; // pixels of the longer side of the drawing
const MAX_LINES = 36_000; // of JSON kept: an hour of a camera's frames, 10 a second
const SPEED_FRAMES = 30; // whose median time is shown
const HALVED_ABOVE = 2 * (1 + 1e-9); // `data/warp.py`

/**
 * All geometry of the page, for one network.
 *
 * Pixel centers are whole numbers: the first pixel spans -0.5 to 0.5. A window is
 * upright: its center (x, y), width and height, in image pixels (`geometry.py Window`).
 *
 * @param about The network's metadata: `image_size` [height, width], `window` (rules).
 */
function makeGeometry({ image_size: [rows, columns], window: rules }) {
  /** `Window.from_center`: with the aspect of the network's input. */
  function windowAt(x, y, side) {
    const edge = side / Math.max(rows, columns);
    return { x, y, width: edge * columns, height: edge * rows };
  }

  /** `inference/views.py whole_window`. */
  function wholeWindow(width, height) {
    return windowAt((width - 1) / 2, (height - 1) / 2, Math.max(width, height));
  }

  /** `inference/views.py refine_window`: around the joints of high scores. */
  function refineWindow(joints, scores, whole) {
    const best = Math.max(...scores);
    const scale = Math.max(best, rules.min_best_score);
    const [low, high] = rules.score_ratios;
    const weights = scores.map((score) =>
      clip((1 - low - (best - score) / scale) / (high - low), 0, 1),
    );
    const total = sum(weights);
    const [[left, right], [top, bottom]] = [0, 1].map((axis) => {
      const mean = sum(joints.map((joint, i) => weights[i] * joint[axis])) / total;
      const drawn = joints.map((p, i) => weights[i] * p[axis] + (1 - weights[i]) * mean);
      return [Math.min(...drawn), Math.max(...drawn)];
    });
    const side = Math.max(
      rules.joints_padding * Math.max(right - left, bottom - top),
      rules.min_window_ratio * Math.max(whole.width, whole.height),
    );
    return windowAt((left + right) / 2, (top + bottom) / 2, side);
  }

  /** `Window.to_image`: from pixels of the network's input. */
  function toImage([u, v], window) {
    return [
      window.x + ((u + 0.5) / columns - 0.5) * window.width,
      window.y + ((v + 0.5) / rows - 0.5) * window.height,
    ];
  }

  /** `Window.box`: index of the first pixel, width and height. */
  function boxOf({ x, y, width, height }) {
    return [x - (width - 1) / 2, y - (height - 1) / 2, width, height];
  }

  /** `data/warp.py shrink`: how often an image is halved for a window. */
  function countHalvings(window, width, height) {
    let count = 0;
    const fineness = window.width / columns;
    while (
      fineness / 2 ** count > HALVED_ABOVE &&
      Math.min(width >> count, height >> count) > 1
    ) count++;
    return count;
  }

  /** The means of 2 x 2 pixels; the last odd row or column is left out. */
  function halve({ pixels, width, height }) {
    const half = { width: width >> 1, height: height >> 1 };
    half.pixels = new Uint8ClampedArray(4 * half.width * half.height);
    for (let y = 0, to = 0; y < half.height; y++) {
      let from = 8 * width * y;
      for (let x = 0; x < half.width; x++, from += 8, to += 4) {
        const below = from + 4 * width;
        for (let c = 0; c < 3; c++) {
          half.pixels[to + c] =
            (pixels[from + c] + pixels[from + 4 + c] +
              pixels[below + c] + pixels[below + 4 + c] + 2) >> 2;
        }
      }
    }
    return half;
  }

  /**
   * Reads an image, halved as far as its smallest window allows (`shrink_to_needed`).
   *
   * @param source What a canvas can draw, upright.
   * @returns Its size, the window of all of it, and `levels`, its pixels (RGBA) halved
   *     0, 1, 2... times; those of the first levels may be missing.
   */
  function readImage(source, width, height) {
    const whole = wholeWindow(width, height);
    const smallest = { width: rules.min_window_ratio * whole.width };
    const halvings = countHalvings(smallest, width, height);
    const first = { width: width >> halvings, height: height >> halvings };
    first.pixels = new Uint8ClampedArray(4 * first.width * first.height);
    const canvas = new OffscreenCanvas(width, Math.min(BAND_ROWS, height));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    for (let y = 0, to = 0; y < height; y += BAND_ROWS) {
      const bandRows = Math.min(BAND_ROWS, height - y);
      context.clearRect(0, 0, width, bandRows);
      context.drawImage(source, 0, y, width, bandRows, 0, 0, width, bandRows);
      const { data } = context.getImageData(0, 0, width, bandRows);
      let band = { pixels: data, width, height: bandRows };
      for (let i = 0; i < halvings; i++) band = halve(band);
      first.pixels.set(band.pixels, to);
      to += band.pixels.length;
    }
    const levels = [];
    levels[halvings] = first;
    return { width, height, whole, levels };
  }

  /**
   * `inference/views.py crop_views`: the pixels under a window, resized to the input.
   *
   * Halved, then interpolated linearly (`data/warp.py warp`), black outside the image.
   */
  function crop({ width, height, levels }, window) {
    const halvings = Math.max(
      countHalvings(window, width, height),
      levels.findIndex(Boolean),
    );
    while (levels.length <= halvings) levels.push(halve(levels.at(-1)));
    const level = levels[halvings];
    const [left, top] = toImage([0, 0], window);
    const across = neighbors(left, window.width / columns, columns, level.width, halvings);
    const along = neighbors(top, window.height / rows, rows, level.height, halvings);
    const pixels = new Uint8Array(3 * rows * columns);
    for (let v = 0, to = 0; v < rows; v++) {
      const [above, below, wAbove, wBelow] = along[v].map((value, i) =>
        i < 2 ? value * level.width : value,
      );
      for (let u = 0; u < columns; u++) {
        const [before, after, wBefore, wAfter] = across[u];
        for (let c = 0; c < 3; c++, to++) {
          const at = (row, column) => level.pixels[4 * (row + column) + c];
          pixels[to] = Math.round(
            wAbove * (wBefore * at(above, before) + wAfter * at(above, after)) +
              wBelow * (wBefore * at(below, before) + wAfter * at(below, after)),
          );
        }
      }
    }
    return pixels;
  }

  /** Along an axis: the pixels before and after each sample, and weights of both. */
  function neighbors(start, step, count, length, halvings) {
    return Array.from({ length: count }, (_, i) => {
      const place = (start + i * step + 0.5) / 2 ** halvings - 0.5;
      const before = Math.floor(place);
      const share = place - before;
      const inside = (index) => index >= 0 && index < length;
      return [
        clip(before, 0, length - 1),
        clip(before + 1, 0, length - 1),
        inside(before) ? 1 - share : 0,
        inside(before + 1) ? share : 0,
      ];
    });
  }

  return { readImage, crop, refineWindow, toImage, boxOf };
}

/** The network and its decoder, in LiteRT.js: on the CPU, or with WebGPU. */
class Network {
  constructor(model, about, accelerator) {
    Object.assign(this, { model, about, accelerator });
  }

  static async load(about, useGpu) {
    const litert = await import("@litertjs/core");
    const wasm = new URL("../wasm/", import.meta.resolve("@litertjs/core"));
    // It logs its progress as errors; what fails is thrown as well.
    self.Module = { print() {}, printErr() {} };
    litert.unloadLiteRt();
    await litert.loadLiteRt(wasm.href, { jspi: useGpu });
    Network.litert = litert;
    const accelerator = useGpu ? "webgpu" : "wasm";
    const model = await litert.loadAndCompile(NETWORK, { accelerator });
    const network = new Network(model, about, accelerator);
    const [height, width] = about.image_size;
    await network.run(new Uint8Array(3 * height * width)); // the first is slower
    return network;
  }

  /**
   * @param crop (height, width, 3), flat, RGB.
   * @returns `keypoints`, pairs of pixels of the crop, and `scores`.
   */
  async run(crop) {
    const crops = new Network.litert.Tensor(crop, [1, ...this.about.image_size, 3]);
    const outputs = await this.model.run({ crops });
    const [flat, scores] = await Promise.all(
      ["keypoints", "scores"].map(async (name) => {
        if (this.accelerator !== "wasm") outputs[name] = await outputs[name].moveTo("wasm");
        return Array.from(outputs[name].toTypedArray());
      }),
    );
    for (const tensor of [crops, ...Object.values(outputs)]) tensor.delete();
    if (!scores.every(Number.isFinite)) throw new Error("The network returned NaN");
    return { scores, keypoints: scores.map((_, i) => flat.slice(2 * i, 2 * i + 2)) };
  }
}

/** `PoseEstimator`: people of an image. */
class Estimator {
  constructor(network, about) {
    Object.assign(this, { network, about, geometry: makeGeometry(about) });
  }

  /** @returns For each person `box`, `joints` (pairs, image pixels) and `scores`. */
  async estimate(source, width, height) {
    const image = this.geometry.readImage(source, width, height);
    const people = [];
    for (const window of await this.findWindows(image)) {
      const found = await this.locate(image, window);
      people.push({ box: this.geometry.boxOf(window), ...found });
    }
    return people;
  }

  /** One window for each person. Without a detector: of one person, in two passes. */
  async findWindows(image) {
    const { joints, scores } = await this.locate(image, image.whole);
    return [this.geometry.refineWindow(joints, scores, image.whole)];
  }

  async locate(image, window) {
    const { keypoints, scores } = await this.network.run(this.geometry.crop(image, window));
    return { joints: keypoints.map((p) => this.geometry.toImage(p, window)), scores };
  }
}

/** `visualization/skeletons.py draw_skeleton`, on a canvas that may be smaller. */
function drawSkeletons(context, people, { joints: names, limbs }, style, width, height) {
  for (const { joints, scores } of people) {
    const opacity = scores.map((score) => clip(score / style.full_score, 0, 1));
    const visible = joints.filter((_, i) => opacity[i] > 0);
    const extent = Math.max(
      ...[0, 1].map((axis) => {
        const values = visible.map((joint) => joint[axis]);
        return Math.max(...values) - Math.min(...values);
      }),
    );
    const thickness = Math.max(
      style.min_line_width,
      Math.min(
        style.image_line_ratio * Math.max(width, height),
        style.person_line_ratio * (extent || Infinity),
      ),
    );
    const radius = limbs.length ? style.joint_radius_ratio : style.point_radius_ratio;
    const lines = [
      ...limbs.map((limb, i) => {
        const [a, b] = limb.map((name) => names.indexOf(name));
        const alpha = Math.min(opacity[a], opacity[b]);
        return [joints[a], joints[b], thickness, style.limb_colors[i], alpha];
      }),
      ...joints.map((joint, i) => [
        joint, joint, 2 * radius * thickness, style.joint_colors[i], opacity[i],
      ]),
    ];
    const outline = 2 * style.outline_width * thickness;
    for (const [start, end, wide, , alpha] of lines) {
      const dark = alpha * style.outline_opacity;
      drawLine(context, start, end, wide + outline, style.outline_color, dark);
    }
    for (const line of lines) drawLine(context, ...line);
  }
  context.globalAlpha = 1;
}

/** A line with round ends, or a disc. A canvas counts from the edge of a pixel. */
function drawLine(context, start, end, width, color, alpha) {
  const [[x, y], to] = [start, end].map((p) => p.map((value) => value + 0.5));
  context.globalAlpha = alpha;
  context.strokeStyle = context.fillStyle = `rgb(${color})`;
  context.lineWidth = width;
  context.lineCap = "round";
  context.beginPath();
  if (start === end) {
    context.arc(x, y, width / 2, 0, 2 * Math.PI); // canvases leave out such lines
    return context.fill();
  }
  context.moveTo(x, y);
  context.lineTo(...to);
  context.stroke();
}

/** An object of the command's JSON lines (`inference/writers.py frame_entry`). */
function toEntry(image, people, names, time = {}) {
  const round = (value, digits) => Number(value.toFixed(digits));
  const byName = (values) => Object.fromEntries(names.map((name, i) => [name, values[i]]));
  return {
    image,
    ...time,
    people: people.map(({ box, joints, scores }) => ({
      box: box.map((value) => round(value, 2)),
      joints: byName(joints.map((joint) => joint.map((value) => round(value, 2)))),
      scores: byName(scores.map((score) => round(score, 4))),
    })),
  };
}

/** What is shown and clicked. */
class Page {
  constructor(about, style) {
    Object.assign(this, { about, style, lines: [], times: [], task: 0 });
    this.canvas = byId("view");
    byId("files").onchange = ({ target }) => {
      const files = [...target.files];
      target.value = ""; // so that the same file can be chosen again
      this.open(files);
    };
    byId("camera").onclick = () => this.openCamera();
    byId("stop").onclick = () => this.start("Stopped");
    byId("download").onclick = () => this.download();
    byId("gpu").onchange = ({ target }) => this.load(target.checked);
    document.ondragover = (event) => this.drag(event, true);
    document.ondragleave = (event) => this.drag(event, false);
    document.ondrop = (event) => {
      this.drag(event, false);
      if (this.estimator) this.open([...event.dataTransfer.files]);
    };
  }

  drag(event, over) {
    event.preventDefault();
    document.body.classList.toggle("over", over);
  }

  say(text, wrong = false) {
    byId("status").textContent = text;
    byId("status").classList.toggle("wrong", wrong);
  }

  enable(on) {
    for (const id of ["files", "camera", "gpu"]) byId(id).disabled = !on;
  }

  async load(useGpu = false) {
    this.start("Loading the network ...");
    this.enable(false);
    try {
      const network = await Network.load(this.about, useGpu);
      this.estimator = new Estimator(network, this.about);
      this.backend = useGpu ? "WebGPU" : "WASM";
      this.say("Choose photographs or a video, or drop them anywhere on this page.");
    } catch (error) {
      if (useGpu) {
        byId("gpu").checked = false;
        await this.load();
        return this.say(`WebGPU does not run this network: ${error.message}`, true);
      }
      return this.say(`The network could not be loaded: ${error.message}`, true);
    }
    this.enable(true);
  }

  /** Ends the task before, whose number is no longer `this.task`. */
  start(text) {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = undefined;
    byId("stop").hidden = true;
    this.say(text);
    return ++this.task;
  }

  async open(files) {
    if (!files.length) return;
    const task = this.start("Looking ...");
    this.lines = [];
    const failed = [];
    for (const file of files) {
      try {
        await (file.type.startsWith("video/") ? this.openVideo : this.openImage).call(
          this, file, task,
        );
      } catch (error) {
        failed.push(`${file.name}: ${error.message}`);
      }
      if (task !== this.task) return;
    }
    byId("stop").hidden = true;
    const names = files.map(({ name }) => name).join(", ");
    this.say(failed.length ? failed.join("; ") : names, failed.length > 0);
  }

  async openImage(file, task) {
    // Upright, and without color management, as the library reads files.
    const image = await createImageBitmap(file, {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    }).catch(refuse);
    this.times = [];
    await this.show(image, image.width, image.height, file.name, task);
    image.close();
  }

  async openVideo(file, task) {
    const video = document.createElement("video");
    video.src = URL.createObjectURL(file);
    try {
      await this.follow(video, file.name, task);
    } finally {
      video.pause();
      URL.revokeObjectURL(video.src);
    }
  }

  async openCamera() {
    const task = this.start("Asking for the camera ...");
    try {
      if (!navigator.mediaDevices) throw new Error("it needs https:// or localhost");
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      if (task !== this.task) return stream.getTracks().forEach((track) => track.stop());
      this.stream = stream;
    } catch (error) {
      const reason = CAMERA_ERRORS[error.name] ?? error.message;
      return this.say(`The camera cannot be used: ${reason}`, true);
    }
    this.say("Camera");
    this.lines = [];
    const video = document.createElement("video");
    video.srcObject = this.stream;
    await this.follow(video, "camera", task);
  }

  /** Estimates frame after frame, as many as there is time for. */
  async follow(video, name, task) {
    Object.assign(video, { muted: true, playsInline: true });
    byId("stop").hidden = false;
    this.times = [];
    let ended = false;
    video.onended = () => (ended = true);
    let shown = nextFrame(video); // before it plays: of a short video, all may pass
    shown.catch(() => {}); // `play` fails as well
    await video.play().catch(refuse);
    for (let frame = 0; task === this.task; frame++) {
      const seconds = await shown;
      if (seconds === undefined || task !== this.task) return;
      shown = ended ? Promise.resolve() : nextFrame(video);
      const time = { frame, seconds: Number(seconds.toFixed(3)) };
      await this.show(video, video.videoWidth, video.videoHeight, name, task, time);
    }
  }

  /** Estimates an image or a frame, draws it, and keeps its JSON line. */
  async show(source, width, height, name, task, time) {
    const scale = Math.min(1, MAX_SHOWN / Math.max(width, height));
    const picture = new OffscreenCanvas(
      Math.max(1, Math.round(scale * width)),
      Math.max(1, Math.round(scale * height)),
    );
    picture.getContext("2d").drawImage(source, 0, 0, picture.width, picture.height);
    const started = performance.now();
    const people = await this.estimator.estimate(source, width, height);
    this.times = [...this.times, performance.now() - started].slice(-SPEED_FRAMES);
    if (task !== this.task) return;
    const { canvas } = this;
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    context.scale(picture.width / width, picture.height / height);
    drawSkeletons(context, people, this.about, this.style, width, height);
    canvas.setAttribute("aria-label", `${name}, with the joints of ${people.length} person`);
    this.lines.push(toEntry(name, people, this.about.joints, time));
    this.lines.splice(0, this.lines.length - MAX_LINES);
    byId("download").disabled = false;
    this.showSpeed(width, height);
    this.listJoints(people);
  }

  showSpeed(width, height) {
    const median = [...this.times].sort((a, b) => a - b)[this.times.length >> 1];
    byId("speed").textContent =
      `${median.toFixed(0)} ms per image of ${width} x ${height} pixels (two passes), ` +
      this.backend;
  }

  listJoints(people) {
    const rows = people.flatMap(({ joints, scores }) =>
      this.about.joints.map((name, i) => {
        const row = document.createElement("tr");
        const head = document.createElement("th");
        Object.assign(head, { scope: "row", textContent: name });
        row.append(head);
        const cells = [...joints[i].map((x) => x.toFixed(1)), scores[i].toFixed(3)];
        for (const text of cells) row.insertCell().textContent = text;
        return row;
      }),
    );
    byId("joints").replaceChildren(...rows);
  }

  download() {
    const text = this.lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
    link.download = "joints.jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}

const UNREADABLE = "no image or video that this browser can read";
const CAMERA_ERRORS = {
  NotAllowedError: "permission was refused",
  NotFoundError: "there is none",
  NotReadableError: "another program uses it",
};

/** Waits for the next frame of a video. Returns its seconds; nothing at the end. */
function nextFrame(video) {
  return new Promise((resolve, reject) => {
    video.addEventListener("ended", () => resolve(), { once: true });
    video.addEventListener("error", () => reject(new Error(UNREADABLE)), { once: true });
    if (video.requestVideoFrameCallback) {
      video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime));
    } else {
      requestAnimationFrame(() => resolve(video.currentTime));
    }
  });
}

/** Replaces a decoder's error, which differs between browsers. */
function refuse() {
  throw new Error(UNREADABLE);
}

function byId(id) {
  return document.getElementById(id);
}

function clip(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** Opens the file that the address names, as in `#open=photo.jpg`. */
async function openFromAddress(page) {
  const name = new URLSearchParams(location.hash.slice(1)).get("open");
  if (!name || !page.estimator) return;
  const answer = await fetch(name);
  if (!answer.ok) return page.say(`There is no ${name} on this server`, true);
  const type = answer.headers.get("Content-Type") ?? "";
  await page.open([new File([await answer.blob()], name, { type })]);
}

async function main() {
  const style = JSON.parse(byId("drawing").textContent);
  const about = await (await fetch("about.json")).json();
  const page = new Page(about, style);
  const gpu = Boolean(navigator.gpu && WebAssembly.Suspending);
  byId("gpu-choice").hidden = !gpu || !(await navigator.gpu.requestAdapter());
  await page.load();
  await openFromAddress(page);
  window.addEventListener("hashchange", () => openFromAddress(page));
}

await main().catch((error) => {
  byId("status").textContent = `The page could not be started: ${error.message}`;
  byId("status").classList.add("wrong");
});

export { makeGeometry };
