// What is said beside what is seen: live regions for screen readers, short notices for everybody.

import {$, make} from './dom.js';

function tell(region, text) {
  $(region).textContent = '';
  requestAnimationFrame(() => { $(region).textContent = text; });
}

// Politely: when the reader has nothing else to say.
export const say = (text) => tell('said', text);

// At once: something went wrong.
export const alarm = (text) => tell('alarm', text);

// A notice that goes away by itself; it is said too.
export function toast(text) {
  say(text);
  const note = make('p', {textContent: text});
  $('toasts').append(note);
  setTimeout(() => note.remove(), 4500);
}
