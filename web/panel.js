// The form beside the stage: shows what belongs to what is chosen, and tells when it has changed.

import {$, make} from './dom.js';
import {readOptions} from './options.js';

const COLOURS = {White: '#ffffff', Black: '#101412', Grey: '#c9cec9', Sand: '#f0dfc4', Sky: '#bfe0f2', Zest: '#d3f03f',
                 Coral: '#ff8f78'};

export class Panel extends EventTarget {
  #timer = 0;

  constructor(form) {
    super();
    this.form = form;
    const swatches = form.querySelector('.swatches');
    for (const [name, colour] of Object.entries(COLOURS)) {
      const button = make('button', {type: 'button', title: name});
      button.style.background = button.dataset.colour = colour;
      button.addEventListener('click', () => {
        form.elements.colour.value = colour;
        this.#changed();
      });
      swatches.append(button);
    }
    form.addEventListener('input', () => this.#changed());
    form.addEventListener('submit', (e) => e.preventDefault());
    this.#update();
  }

  get options() { return readOptions(new FormData(this.form)); }

  // What the server can do.
  offer({formats, models, model}) {
    const {format, model: choice} = this.form.elements;
    for (const option of [...format.options]) if (formats && !formats.includes(option.value)) option.remove();
    const others = (models ?? []).map((entry) => entry.name ?? entry).filter((name) => name !== model);
    choice.replaceChildren(new Option(model ? `${model} (the server's)` : `the server's`, ''),
                           ...others.map((name) => new Option(name, name)));
    $('model-line').hidden = !others.length;
  }

  // Told once the hand rests: a slider passes many values.
  #changed() {
    this.#update();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.dispatchEvent(new Event('change')), 280);
  }

  #update() {
    const values = new FormData(this.form);
    for (const part of this.form.querySelectorAll('[data-for]')) {
      const [name, wanted] = part.dataset.for.split('=');
      part.hidden = !wanted.split('|').includes(values.get(name) ?? '');
    }
    for (const output of this.form.querySelectorAll('.line output')) {
      output.value = output.previousElementSibling.value + (output.dataset.unit ?? '');
    }
    for (const button of this.form.querySelectorAll('.swatches button')) {
      button.setAttribute('aria-pressed', button.dataset.colour === values.get('colour'));
    }
  }
}
