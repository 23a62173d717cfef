// The queue as a strip of thumbnails: one button a picture, its state told in words too.

import {$} from './dom.js';
import {thumbnail} from './pictures.js';

const WORDS = {waiting: 'waits', sending: 'is being sent', working: 'is being cut out', done: 'done', failed: 'failed',
               paused: 'waits for the server', stopped: 'stopped'};

export class Strip {
  #rows = new Map();  // item → <li>

  constructor(list, queue) {
    this.list = list;
    this.queue = queue;
    queue.addEventListener('list', () => this.#arrange());
    queue.addEventListener('select', () => this.#mark());
    queue.addEventListener('change', ({item}) => this.update(item));
    queue.addEventListener('removed', ({item}) => {
      const row = this.#rows.get(item);
      const near = row.nextElementSibling ?? row.previousElementSibling;
      const held = row.contains(document.activeElement);
      row.remove();
      this.#rows.delete(item);
      if (held) (near?.querySelector('.thumb') ?? $('add')).focus();
    });
  }

  #arrange() {
    for (const item of this.queue.items) if (!this.#rows.has(item)) this.#add(item);
    this.#mark();
  }

  #add(item) {
    const row = $('queue-item').content.firstElementChild.cloneNode(true);
    this.#rows.set(item, row);
    row.querySelector('.name').textContent = item.name;
    row.querySelector('.thumb').addEventListener('click', () => this.queue.select(item));
    const [retry, close] = ['.retry', '.close'].map((name) => row.querySelector(name));
    retry.setAttribute('aria-label', `Try ${item.name} again`);
    retry.addEventListener('click', () => this.queue.retry(item));
    close.addEventListener('click', () =>
      item.isBusy && !item.result ? this.queue.cancel(item) : this.queue.remove(item));
    this.list.append(row);
    this.update(item);
    this.#draw(item, item.file);
  }

  update(item) {
    const row = this.#rows.get(item);
    if (!row) return;
    row.dataset.state = item.result && item.state !== 'failed' && item.state !== 'paused' ? 'done' : item.state;
    row.querySelector('.state').textContent = {failed: '!', paused: `${item.left}`}[item.state] ?? '';
    row.querySelector('.thumb').setAttribute('aria-label', `${item.name}, ${WORDS[item.state]}`);
    row.querySelector('.thumb').title = item.error ? `${item.name}: ${item.error.message}` : item.name;
    const bar = row.querySelector('progress');
    bar.hidden = !item.isBusy;
    if (item.state === 'sending') bar.value = item.progress;
    else bar.removeAttribute('value');
    const [retry, close] = ['.retry', '.close'].map((name) => row.querySelector(name));
    retry.hidden = !['failed', 'stopped', 'paused'].includes(item.state);
    const cancels = item.isBusy && !item.result;
    close.setAttribute('aria-label', `${cancels ? 'Cancel' : 'Remove'} ${item.name}`);
    close.title = cancels ? 'Cancel' : 'Remove';
    if (item.result && row.drawn !== item.result) {
      row.drawn = item.result;
      this.#draw(item, item.result.blob);
    }
  }

  #mark() {
    for (const [item, row] of this.#rows) {
      const thumb = row.querySelector('.thumb');
      const isCurrent = item === this.queue.current;
      if (isCurrent === (thumb.getAttribute('aria-current') === 'true')) continue;
      thumb.setAttribute('aria-current', isCurrent);
      if (isCurrent) row.scrollIntoView({block: 'nearest', inline: 'nearest'});
    }
  }

  async #draw(item, blob) {
    const canvas = this.#rows.get(item).querySelector('canvas');
    // A file of a format that the browser does not know stays without a preview until it is cut out.
    await thumbnail(canvas, blob).catch(() => {});
  }
}
