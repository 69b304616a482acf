/** Networks, run by LiteRT.js, and `PoseEstimator` with them. */

import { Detector } from "./detector.js";
import { makeGeometry } from "./geometry.js";

const NETWORK = "index.tflite";
const DETECTOR = "people.tflite";
const OUTPUTS = { pose: ["keypoints", "scores"], detect: ["boxes", "scores"] };
const WITH_HEATMAPS = [...OUTPUTS.pose, "heatmaps"];

/** Loads LiteRT.js: on the CPU, or with WebGPU. Networks of before are gone. */
async function loadRuntime(useGpu) {
  const litert = await import("@litertjs/core");
  const wasm = new URL("../wasm/", import.meta.resolve("@litertjs/core"));
  // It logs its progress as errors; what fails is thrown as well.
  self.Module = { print() {}, printErr() {} };
  litert.unloadLiteRt();
  await litert.loadLiteRt(wasm.href, { jspi: useGpu });
  return litert;
}

/** A network and its decoder, in LiteRT.js. */
export class Network {
  /** `idle` is fulfilled when no crop is waiting. */
  constructor(litert, model, about, accelerator) {
    Object.assign(this, { litert, model, about, accelerator, idle: Promise.resolve() });
  }

  static async load(litert, file, about, useGpu) {
    const accelerator = useGpu ? "webgpu" : "wasm";
    const model = await litert.loadAndCompile(file, { accelerator });
    const network = new Network(litert, model, about, accelerator);
    const [height, width] = about.image_size;
    await network.run(new Uint8Array(3 * height * width)); // the first is slower
    return network;
  }

  /**
   * Runs one crop after another, also where a photograph is opened beside the camera.
   *
   * @param crop (height, width, 3), flat, RGB.
   * @param names Of outputs; by default those of the network's task.
   * @returns The outputs by name, each a flat array; places are pixels of the crop.
   */
  run(crop, names = OUTPUTS[this.about.task]) {
    const result = this.idle.then(() => this.runAlone(crop, names));
    this.idle = result.catch(() => {});
    return result;
  }

  async runAlone(crop, names) {
    const crops = new this.litert.Tensor(crop, [1, ...this.about.image_size, 3]);
    const outputs = await this.model.run({ crops });
    const arrays = await Promise.all(
      names.map(async (name) => {
        if (this.accelerator !== "wasm") outputs[name] = await outputs[name].moveTo("wasm");
        return [name, Array.from(outputs[name].toTypedArray())];
      }),
    );
    for (const tensor of [crops, ...Object.values(outputs)]) tensor.delete();
    const result = Object.fromEntries(arrays);
    const isFinite = Object.values(result).every((values) => values.every(Number.isFinite));
    if (!isFinite) throw new Error("The network returned NaN"); // which clipped scores hide
    return result;
  }
}

/** `PoseEstimator`: people of an image. */
export class Estimator {
  /** `detector` finds everyone; without it, an image has one person. */
  constructor(network, about, detector) {
    Object.assign(this, { network, about, detector, geometry: makeGeometry(about) });
  }

  /** Loads the networks that `about` and `people` describe, the latter if it is given. */
  static async load(about, people, useGpu) {
    const litert = await loadRuntime(useGpu);
    const network = await Network.load(litert, NETWORK, about, useGpu);
    if (!people) return new Estimator(network, about);
    const detecting = await Network.load(litert, DETECTOR, people, useGpu);
    return new Estimator(network, about, new Detector(detecting, people, about));
  }

  /** Is fulfilled when no crop is waiting. */
  get idle() {
    return Promise.all([this.network.idle, this.detector?.network.idle]);
  }

  /**
   * @returns For each person `box`, `joints` (pairs, image pixels) and `scores`; with a
   *   detector, `box_score`.
   */
  async estimate(source, width, height) {
    const ratio = this.detector?.limits.min_box_ratio;
    const image = this.geometry.readImage(source, width, height, ratio);
    if (!this.detector) return [await this.findOne(image)];
    const people = [];
    for (const found of await this.detector.detect(image)) {
      const window = this.geometry.windowOf(found.box);
      people.push({ ...found, ...(await this.locate(image, window)) });
    }
    return this.detector.select(people);
  }

  /** One person, in two passes. */
  async findOne(image) {
    const first = await this.locate(image, image.whole, WITH_HEATMAPS);
    const peaks = maxima(first.heatmaps, first.scores.length);
    const window = this.geometry.refineWindow(first.joints, peaks, image.whole);
    const { joints, scores } = await this.locate(image, window);
    return { box: this.geometry.boxOf(window), joints, scores };
  }

  /** @returns `joints`, image pixels, and the outputs of the network. */
  async locate(image, window, names) {
    const outputs = await this.network.run(this.geometry.crop(image, window), names);
    const pairs = outputs.scores.map((_, i) => outputs.keypoints.slice(2 * i, 2 * i + 2));
    return { ...outputs, joints: pairs.map((p) => this.geometry.toImage(p, window)) };
  }
}

/** The peak of each heatmap: of (height, width, joints), flat. Scores may be calibrated. */
function maxima(heatmaps, joints) {
  const peaks = Array(joints).fill(-Infinity);
  heatmaps.forEach((value, i) => {
    if (value > peaks[i % joints]) peaks[i % joints] = value;
  });
  return peaks;
}
