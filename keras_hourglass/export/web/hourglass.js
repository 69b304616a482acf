/**
 * Pose estimation in the browser, as `hourglass-keras export --format web` writes it.
 *
 * The steps are those of `PoseEstimator`: a detector finds everyone, the network sees a
 * window around each, and its keypoints become image pixels. Without a detector, it
 * sees the whole image, then a window around the joints that it has found.
 *
 * `about.json` describes the network, `people.json` the detector and its limits, the
 * element `drawing` the colors; `detects` says whether there is a detector. The networks are run by LiteRT.js.
 * https://ai.google.dev/edge/litert/web
 */

import { drawSkeletons } from "./drawing.js";
import { Estimator } from "./estimator.js";

const MAX_SHOWN = 1600; // pixels of the longer side of the drawing
const MAX_LINES = 36_000; // of JSON kept: an hour of a camera's frames, 10 a second
const SPEED_FRAMES = 30; // whose median time is shown

/** An object of the command's JSON lines (`inference/output/writers.py frame_entry`). */
function toEntry(image, people, names, minScore, time = {}) {
  const round = (value, digits) => Number(value.toFixed(digits));
  const byName = (values) => Object.fromEntries(names.map((name, i) => [name, values[i]]));
  return {
    image,
    ...time,
    people: people.map(({ box, box_score, joints, scores }) => ({
      box: box.map((value) => round(value, 2)),
      ...(box_score === undefined ? {} : { score: round(box_score, 4) }),
      joints: byName(joints.map((joint) => joint.map((value) => round(value, 2)))),
      scores: byName(scores.map((score) => round(score, 4))),
      uncertain: names.filter((_, i) => !(round(scores[i], 4) >= minScore)),
    })),
  };
}

/** What is shown and clicked. */
class Page {
  constructor(about, people, style) {
    Object.assign(this, { about, people, style, lines: [], times: [], task: 0 });
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
      await this.estimator?.idle;
      this.estimator = await Estimator.load(this.about, this.people, useGpu);
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
  start(text = "") {
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
      this.say("Camera");
      this.lines = [];
      const video = document.createElement("video");
      video.srcObject = stream;
      await this.follow(video, "camera", task);
    } catch (error) {
      if (task !== this.task) return;
      const reason = CAMERA_ERRORS[error.name] ?? error.message;
      this.start();
      this.say(`The camera cannot be used: ${reason}`, true);
    }
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
    canvas.setAttribute("aria-label", `${name}, with the joints of ${count(people)}`);
    const { min_joint_score } = this.style;
    this.lines.push(toEntry(name, people, this.about.joints, min_joint_score, time));
    this.lines.splice(0, this.lines.length - MAX_LINES);
    byId("download").disabled = false;
    this.showSpeed(width, height, people);
    this.listJoints(people);
  }

  showSpeed(width, height, people) {
    const median = [...this.times].sort((a, b) => a - b)[this.times.length >> 1];
    const found = this.people ? count(people) : "two passes";
    byId("speed").textContent =
      `${median.toFixed(0)} ms per image of ${width} x ${height} pixels (${found}), ` +
      this.backend;
  }

  listJoints(people) {
    const rows = people.flatMap(({ joints, scores }, number) =>
      this.about.joints.map((name, i) => {
        const row = document.createElement("tr");
        const head = document.createElement("th");
        const textContent = people.length > 1 ? `${number + 1}: ${name}` : name;
        Object.assign(head, { scope: "row", textContent });
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

/** "1 person", "3 people". */
function count(people) {
  return `${people.length} ${people.length === 1 ? "person" : "people"}`;
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

/** Opens the file that the address names, as in `#open=photo.jpg`. */
async function openFromAddress(page) {
  const name = new URLSearchParams(location.hash.slice(1)).get("open");
  if (!name || !page.estimator) return;
  const answer = await fetch(name);
  if (!answer.ok) return page.say(`There is no ${name} on this server`, true);
  const type = answer.headers.get("Content-Type") ?? "";
  await page.open([new File([await answer.blob()], name, { type })]);
}

async function readJson(name) {
  return (await fetch(name)).json();
}

async function main() {
  const style = JSON.parse(byId("drawing").textContent);
  const about = await readJson("about.json");
  const detects = JSON.parse(byId("detects").textContent);
  const people = detects ? await readJson("people.json") : undefined;
  const page = new Page(about, people, style);
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
