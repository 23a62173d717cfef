// What is said beside what is seen: live regions for screen readers, short notices for everybody.

const $ = (id) => document.getElementById(id);

// Politely: when the reader has nothing else to say.
export function say(text) {
  $('said').textContent = '';
  requestAnimationFrame(() => { $('said').textContent = text; });
}

// At once: something went wrong.
export function alarm(text) {
  $('alarm').textContent = '';
  requestAnimationFrame(() => { $('alarm').textContent = text; });
}

// A notice that goes away by itself; it is said too.
export function toast(text) {
  say(text);
  const note = document.createElement('p');
  note.textContent = text;
  $('toasts').append(note);
  setTimeout(() => note.remove(), 4500);
}
