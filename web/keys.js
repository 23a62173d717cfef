// Keyboard shortcuts and the dialog that lists them. Those of a single letter can be turned off.

import {make} from './dom.js';

const OFF = 'peel.keys';
const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);

export const singleKeys = {
  get on() { return localStorage.getItem(OFF) !== 'off'; },
  set on(on) { if (on) localStorage.removeItem(OFF); else localStorage.setItem(OFF, 'off'); },
};

// shortcuts: [[keys, what it does in words, action]]; keys as 'b', '+', 'Ctrl z', 'Shift D'.
export function listen(shortcuts, list) {
  for (const kbd of document.querySelectorAll('kbd.ctrl')) if (isMac) kbd.textContent = '⌘';
  for (const [keys, words] of shortcuts) {
    const caps = keys.split(' ').flatMap((key) =>
      [make('kbd', {}, key === 'Ctrl' && isMac ? '⌘' : key.length === 1 ? key.toUpperCase() : key), ' ']);
    list.append(make('div', {}, make('dt', {}, ...caps), make('dd', {}, words)));
  }
  const actions = new Map(shortcuts.map(([keys, , action]) => [keys.toLowerCase(), action]));

  addEventListener('keydown', (e) => {
    if (e.defaultPrevented || e.altKey || document.querySelector('dialog[open]')) return;
    if (e.target.matches?.('input:not([type=radio], [type=checkbox], [type=range]), select, textarea')) return;
    const command = e.ctrlKey || e.metaKey;
    if (!command && !singleKeys.on) return;
    // Shift belongs to the name of letters only: "?" and "+" need it on some keyboards.
    const shift = e.shiftKey && /^[a-z]$/i.test(e.key) ? 'shift ' : '';
    const action = actions.get(`${command ? 'ctrl ' : ''}${shift}${e.key.toLowerCase()}`);
    if (!action || action() === false) return;
    e.preventDefault();
  });
}
