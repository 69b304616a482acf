/** Skeletons, drawn as the library draws them. */

/** `visualization/skeletons.py draw_skeleton`, on a canvas that may be smaller. */
export function drawSkeletons(context, people, { joints: names, limbs }, style, width, height) {
  for (const { joints, scores } of people) {
    const drawn = scores.map((score) => score >= style.min_joint_score && score > 0);
    const visible = joints.filter((_, i) => drawn[i]);
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
      ...limbs.flatMap((limb, i) => {
        const [a, b] = limb.map((name) => names.indexOf(name));
        const line = [joints[a], joints[b], thickness, style.limb_colors[i]];
        return drawn[a] && drawn[b] ? [line] : [];
      }),
      ...joints.flatMap((joint, i) => {
        const disc = [joint, joint, 2 * radius * thickness, style.joint_colors[i]];
        return drawn[i] ? [disc] : [];
      }),
    ];
    const outline = 2 * style.outline_width * thickness;
    context.globalAlpha = style.outline_opacity;
    for (const [start, end, wide] of lines) {
      drawLine(context, start, end, wide + outline, style.outline_color);
    }
    context.globalAlpha = 1;
    for (const line of lines) drawLine(context, ...line);
  }
}

/** A line with round ends, or a disc. A canvas counts from the edge of a pixel. */
function drawLine(context, start, end, width, color) {
  const [[x, y], to] = [start, end].map((p) => p.map((value) => value + 0.5));
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
