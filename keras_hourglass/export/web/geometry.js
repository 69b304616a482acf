/** Windows of images and their crops, as the library computes them. */

const BAND_ROWS = 1024; // of an image, read at a time: phones limit a canvas's size
const HALVED_ABOVE = 2 * (1 + 1e-9); // `data/warp.py`

/**
 * All geometry of the page, for one network.
 *
 * Pixel centers are whole numbers: the first pixel spans -0.5 to 0.5. A window is
 * upright: its center (x, y), width and height, in image pixels (`geometry.py Window`).
 *
 * @param about The network's metadata: `image_size` [height, width], `window` (rules).
 */
export function makeGeometry({ image_size: [rows, columns], window: rules }) {
  /** `Window.from_center`: with the aspect of the network's input. */
  function windowAt(x, y, side) {
    const edge = side / Math.max(rows, columns);
    return { x, y, width: edge * columns, height: edge * rows };
  }

  /** `inference/views.py whole_window`. */
  function wholeWindow(width, height) {
    return windowAt((width - 1) / 2, (height - 1) / 2, Math.max(width, height));
  }

  /** `inference/views.py letterbox_window`. */
  function letterboxWindow(width, height) {
    const across = Math.max(width, (height * columns) / rows);
    const side = (across * Math.max(rows, columns)) / columns;
    return windowAt((width - 1) / 2, (height - 1) / 2, side);
  }

  /** `inference/views.py refine_window`: around the joints of high peaks. */
  function refineWindow(joints, peaks, whole) {
    const best = Math.max(...peaks);
    const scale = Math.max(best, rules.min_best_score);
    const [low, high] = rules.score_ratios;
    const weights = peaks.map((peak) =>
      clip((1 - low - (best - peak) / scale) / (high - low), 0, 1),
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

  /** The window of the person in a box: x and y of its first pixel, width, height. */
  function windowOf([x, y, width, height]) {
    const side = rules.box_padding * Math.max(width, height);
    return windowAt(x + (width - 1) / 2, y + (height - 1) / 2, side);
  }

  /** `Window.part`: the window under a box of the network's input. */
  function part([u, v, width, height], window) {
    const [x, y] = toImage([u + (width - 1) / 2, v + (height - 1) / 2], window);
    const share = [width / columns, height / rows];
    return { x, y, width: share[0] * window.width, height: share[1] * window.height };
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
   * @param ratio The side of that window, as a share of the image's.
   * @returns Its size, the window of all of it, and `levels`, its pixels (RGBA) halved
   *     0, 1, 2... times; those of the first levels may be missing.
   */
  function readImage(source, width, height, ratio = rules.min_window_ratio) {
    const whole = wholeWindow(width, height);
    const smallest = { width: ratio * whole.width };
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

  return {
    readImage, crop, wholeWindow, letterboxWindow, windowOf, refineWindow, part,
    toImage, boxOf,
  };
}

export function clip(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
