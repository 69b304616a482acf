/** The network, run by LiteRT.js, and `PoseEstimator` with it. */

import { makeGeometry } from "./geometry.js";

const NETWORK = "index.tflite";

/** The network and its decoder, in LiteRT.js: on the CPU, or with WebGPU. */
export class Network {
  /** `idle` is fulfilled when no crop is waiting. */
  constructor(model, about, accelerator) {
    Object.assign(this, { model, about, accelerator, idle: Promise.resolve() });
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
   * Runs one crop after another, also where a photograph is opened beside the camera.
   *
   * @param crop (height, width, 3), flat, RGB.
   * @returns `keypoints`, pairs of pixels of the crop, and `scores`.
   */
  run(crop) {
    const result = this.idle.then(() => this.runAlone(crop));
    this.idle = result.catch(() => {});
    return result;
  }

  async runAlone(crop) {
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
export class Estimator {
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
