/** The people in an image: boxes by a detector, and which poses are kept. */

import { clip, makeGeometry } from "./geometry.js";

const MIN_WEIGHT = 1e-6; // of a joint, in the similarity of two poses
const MIN_SIDE = 1; // of a box, in image pixels: `inference/detectors/network.py`

/** `inference/detectors/network.py NetworkDetector`, and what follows its poses. */
export class Detector {
  /** `people` describes the detector and has `limits`, `about` the pose network. */
  constructor(network, people, about) {
    Object.assign(this, { network, limits: people.limits });
    // Its windows have no rules, of which reading an image needs one.
    this.geometry = makeGeometry({ ...people, window: about.window });
  }

  /** @returns For each person `box` and `box_score`, the highest scores first. */
  async detect(image) {
    const { geometry, limits } = this;
    const window = geometry.letterboxWindow(image.width, image.height);
    const { boxes, scores } = await this.network.run(geometry.crop(image, window));
    const found = [];
    scores.forEach((box_score, i) => {
      const place = geometry.part(boxes.slice(4 * i, 4 * i + 4), window);
      const box = clipBox(geometry.boxOf(place), image);
      const visible = Math.min(box[2], box[3]) >= MIN_SIDE;
      if (visible && box_score >= limits.min_score) found.push({ box, box_score });
    });
    return found.slice(0, limits.max_people);
  }

  /**
   * `inference/suppression.py suppress_poses`: leaves out poses of low scores, and
   * second poses of a person.
   */
  select(people) {
    const { min_pose_score, max_oks } = this.limits;
    const scored = people
      .map((person) => ({ person, score: mean(person.scores) }))
      .filter(({ score }) => score >= min_pose_score);
    const total = ({ person, score }) => score * (person.box_score || 1);
    const kept = [];
    for (const each of [...scored].sort((a, b) => total(b) - total(a))) {
      const same = kept.some((other) => this.similarity(each.person, other.person) > max_oks);
      if (!same) kept.push(each);
    }
    return scored.filter((each) => kept.includes(each)).map(({ person }) => person);
  }

  /** `inference/oks.py similarities`: OKS, its joints weighted by both scores. */
  similarity(a, b) {
    const { area_of_box, sigmas } = this.limits;
    const area = mean([a, b].map(({ box }) => area_of_box * box[2] * box[3]));
    let [sum, total] = [0, 0];
    sigmas.forEach((sigma, i) => {
      const [dx, dy] = [0, 1].map((axis) => a.joints[i][axis] - b.joints[i][axis]);
      const weight = Math.max(a.scores[i], MIN_WEIGHT) * Math.max(b.scores[i], MIN_WEIGHT);
      sum += weight * Math.exp(-(dx * dx + dy * dy) / (2 * (2 * sigma) ** 2 * area));
      total += weight;
    });
    return sum / total;
  }
}

function mean(values) {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** The part of a box that lies on the image. */
function clipBox([x, y, width, height], image) {
  const [left, right] = [x, x + width].map((value) => clip(value, 0, image.width));
  const [top, bottom] = [y, y + height].map((value) => clip(value, 0, image.height));
  return [left, top, right - left, bottom - top];
}
