// Mouse, pen, fingers and keys on the stage: slide, pan, pinch, paint.

const point = (stage, e) => {
  const box = stage.getBoundingClientRect();
  return [e.clientX - box.left, e.clientY - box.top];
};

export function watchStage(viewer, ring) {
  const {stage, handle} = viewer;
  const fingers = new Map();  // pointer id → [x, y]
  let doing = '';             // 'slide', 'pan', 'pinch', 'paint'

  const strokes = () => viewer.painter.strokes;
  function paint(x, y) {
    const [u, v] = viewer.toPicture(x, y);
    strokes().begin(viewer.painter.tool(), viewer.painter.radius() / viewer.scale, u, v);
    viewer.dispatchEvent(new Event('painting'));
    viewer.drawStrokes(true);
  }
  function painted() {
    strokes().end();
    viewer.dispatchEvent(new Event('painted'));
  }
  function moveRing(x, y) {
    const radius = viewer.painter?.radius() ?? 0;
    ring.hidden = viewer.mode !== 'brush';
    ring.style.width = ring.style.height = `${2 * radius}px`;
    ring.style.transform = `translate(${x - radius}px, ${y - radius}px)`;
    ring.at = [x, y];
  }

  stage.addEventListener('pointerdown', (e) => {
    if (e.target.closest('.veil') || !viewer.base || fingers.size > 1) return;
    const [x, y] = point(stage, e);
    stage.setPointerCapture(e.pointerId);
    fingers.set(e.pointerId, [x, y]);
    const middle = e.button === 1 || e.altKey;
    if (fingers.size === 2) {
      if (doing === 'paint') { strokes().drop(); viewer.dispatchEvent(new Event('painted')); }
      doing = 'pinch';
    } else if (viewer.mode === 'brush' && !middle) {
      if (e.button) return;
      doing = 'paint';
      paint(x, y);
    } else if (viewer.mode === 'compare' && viewer.canCompare && !middle &&
               (handle.contains(e.target) || !viewer.canPan)) {
      doing = 'slide';
      viewer.splitAt(x);
      handle.focus({preventScroll: true});
    } else {
      doing = 'pan';
    }
    stage.classList.toggle('moving', doing === 'pan');
    e.preventDefault();
  });

  stage.addEventListener('pointermove', (e) => {
    const [x, y] = point(stage, e);
    if (viewer.mode === 'brush' && e.pointerType !== 'touch') moveRing(x, y);
    const old = fingers.get(e.pointerId);
    if (!old) return;
    if (doing === 'slide') viewer.splitAt(x);
    if (doing === 'pan') viewer.panBy(x - old[0], y - old[1]);
    if (doing === 'paint') {
      // Between two frames a pen reports more points than one.
      for (const part of e.getCoalescedEvents?.() ?? [e]) {
        if (strokes().extend(...viewer.toPicture(...point(stage, part)))) viewer.drawStrokes(true);
      }
    }
    if (doing === 'pinch') {
      const [other] = [...fingers].filter(([id]) => id !== e.pointerId).map(([, at]) => at);
      const gap = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]) || 1;
      viewer.panBy((x - old[0]) / 2, (y - old[1]) / 2);
      viewer.zoomBy(gap([x, y]) / gap(old), (x + other[0]) / 2, (y + other[1]) / 2);
    }
    fingers.set(e.pointerId, [x, y]);
  });

  function up(e) {
    if (!fingers.delete(e.pointerId)) return;
    if (doing === 'paint') painted();
    doing = fingers.size && doing === 'pinch' ? 'pan' : '';
    stage.classList.remove('moving');
  }
  stage.addEventListener('pointerup', up);
  stage.addEventListener('pointercancel', up);
  stage.addEventListener('pointerleave', () => { if (!doing) ring.hidden = true; });
  stage.addEventListener('dblclick', (e) => {
    if (viewer.mode === 'brush' || e.target.closest('.veil')) return;
    if (viewer.canPan) viewer.fit();
    else viewer.zoomTo(Math.max(1 / devicePixelRatio, viewer.scale * 3), ...point(stage, e));
  });
  stage.addEventListener('wheel', (e) => {
    if (!viewer.base || e.target.closest('.veil')) return;
    e.preventDefault();
    const step = e.deltaMode ? 30 : e.ctrlKey ? 6 : 1;
    viewer.zoomBy(Math.exp(-e.deltaY * step / 600), ...point(stage, e));
    if (viewer.mode === 'brush' && ring.at) moveRing(...ring.at);
  }, {passive: false});

  const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  handle.addEventListener('keydown', (e) => {
    const steps = {ArrowLeft: -.02, ArrowRight: .02, ArrowDown: -.02, ArrowUp: .02, PageUp: .1, PageDown: -.1,
                   Home: -1, End: 1};
    if (!(e.key in steps)) return;
    viewer.setSplit(viewer.split + steps[e.key] * (e.shiftKey ? 5 : 1));
    e.preventDefault();
    e.stopPropagation();
  });
  // Without a pointer: arrows pan, or move the brush, which Space and Enter put down.
  stage.addEventListener('keydown', (e) => {
    if (e.target !== stage || !viewer.base) return;
    if (viewer.mode === 'brush') {
      const at = ring.at ?? [viewer.width / 2, viewer.height / 2];
      if (ARROWS[e.key]) {
        const step = Math.max(2, viewer.painter.radius() / 2) * (e.shiftKey ? 4 : 1);
        moveRing(...ARROWS[e.key].map((d, i) =>
          Math.min(Math.max(at[i] + d * step, 0), i ? viewer.height : viewer.width)));
      } else if (e.key === ' ' || e.key === 'Enter') {
        moveRing(...at);
        paint(...at);
        painted();
      } else {
        return;
      }
    } else if (ARROWS[e.key]) {
      const step = e.shiftKey ? 200 : 50;
      viewer.panBy(-ARROWS[e.key][0] * step, -ARROWS[e.key][1] * step);
    } else {
      return;
    }
    e.preventDefault();
  });
  return {moveRing, resizeRing: () => ring.at && moveRing(...ring.at)};
}
