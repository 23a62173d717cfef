// The ways in: drop, paste, choose, take.

import {$} from './dom.js';
import {toast} from './notices.js';

const PICTURE = /^image\/|^$/;
const ENDING = /\.(jpe?g|png|webp|gif|bmp|tiff?|avif|hei[cf]|jxl|dng|cr[23]|nef|arw|raf|orf|rw2)$/i;

export function takePictures({choose, camera}, added) {
  const files = $('files'), photo = $('camera-file');

  function take(list) {
    const all = [...list];
    const pictures = all.filter((file) => PICTURE.test(file.type) && (file.type || ENDING.test(file.name)));
    const others = all.length - pictures.length;
    if (others) toast(others === 1 ? 'One file is no picture and was left out.' : `${others} files are no pictures and were left out.`);
    if (pictures.length) added(pictures);
  }

  for (const button of choose) button.addEventListener('click', () => files.click());
  camera.addEventListener('click', () => photo.click());
  for (const input of [files, photo]) {
    input.addEventListener('change', () => {
      take(input.files);
      input.value = '';  // the same file may be chosen again
    });
  }

  let depth = 0;
  const holdsFiles = (e) => e.dataTransfer?.types.includes('Files');
  function dragging(on) {
    if (!on) depth = 0;
    document.body.classList.toggle('dragging', on);
    $('drop').hidden = !on;
  }
  addEventListener('dragenter', (e) => { if (holdsFiles(e) && ++depth) dragging(true); });
  addEventListener('dragleave', (e) => { if (holdsFiles(e) && --depth <= 0) dragging(false); });
  addEventListener('dragover', (e) => {
    if (!holdsFiles(e)) return;
    e.preventDefault();
    e.dataTransfer.dropEffect = 'copy';
  });
  addEventListener('drop', (e) => {
    if (!holdsFiles(e)) return;
    e.preventDefault();
    dragging(false);
    take(e.dataTransfer.files);
  });
  addEventListener('paste', (e) => {
    if (!e.clipboardData?.files.length) return;
    e.preventDefault();
    take(e.clipboardData.files);
  });
}
