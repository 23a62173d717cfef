// The page's only door to the network: requests to the server it came from.

const KEY = 'peel.key';

// The API key stays in this tab: sessionStorage is gone with it.
export const apiKey = {
  get: () => sessionStorage.getItem(KEY) ?? '',
  set: (key) => key ? sessionStorage.setItem(KEY, key) : sessionStorage.removeItem(KEY),
};

// What went wrong, in words for the user. `retryAfter`: seconds to wait, 0 where unknown.
export class ServiceError extends Error {
  constructor(status, code, message, retryAfter = 0) {
    super(message);
    Object.assign(this, {status, code, retryAfter});
  }
  // Whether the same request may succeed by itself later.
  get passes() { return this.status === 429 || this.status === 503; }
}

const WORDS = {
  0: 'The server does not answer. Is it still running, and are you online?',
  401: 'This server wants an API key. Enter yours in the settings.',
  403: 'This API key may not do that. Ask whoever runs the server.',
  413: 'This picture is larger than the server takes.',
  415: 'This is not a kind of picture that the server can read.',
  422: 'The server cannot read this picture.',
  429: 'You have used what your key may use for now.',
  500: 'The server failed over this picture. Others are not affected.',
  503: 'The server is busy.',
  504: 'This took longer than the server allows.',
};

function errorOf(xhr, text) {
  let told = {};
  try { told = JSON.parse(text).error ?? {}; } catch { /* not the server's own words */ }
  const wait = Number(xhr.getResponseHeader('Retry-After')) || 0;
  const kind = WORDS[xhr.status] ?? `The server answered with status ${xhr.status}.`;
  // The server's words say what was wrong with this picture; a few need the way out first.
  const words = [401, 429, 503].includes(xhr.status) ? kind : told.message ?? kind;
  return new ServiceError(xhr.status, told.code ?? '', words, wait);
}

// Sends a request; resolves with the XMLHttpRequest, its `response` a Blob. `upload` hears how much
// of the body has gone out, 0 to 1. Fails with ServiceError, or with AbortError by `signal`.
function send(method, path, {body, accept, signal, upload} = {}) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(method, path);
    xhr.responseType = 'blob';
    if (accept) xhr.setRequestHeader('Accept', accept);
    if (apiKey.get()) xhr.setRequestHeader('X-Api-Key', apiKey.get());
    if (upload) {
      xhr.upload.onprogress = (e) => e.lengthComputable && upload(e.loaded / e.total);
      xhr.upload.onload = () => upload(1);
    }
    const stop = () => xhr.abort();
    signal?.addEventListener('abort', stop, {once: true});
    xhr.onloadend = () => signal?.removeEventListener('abort', stop);
    xhr.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    xhr.onerror = () => reject(new ServiceError(0, 'network', WORDS[0]));
    xhr.onload = async () => {
      if (xhr.status >= 200 && xhr.status < 300) return resolve(xhr);
      reject(errorOf(xhr, await xhr.response?.text() ?? ''));
    };
    if (signal?.aborted) return reject(new DOMException('cancelled', 'AbortError'));
    xhr.send(body);
  });
}

export const about = async () => JSON.parse(await (await send('GET', '/v1/about')).response.text());

function blobOf(base64, type) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return new Blob([bytes], {type});
}

// Cuts a picture out. `fields`: pairs of name and text or Blob. With `wantsMatte` the answer holds the
// matte too, with which the same picture is made anew without the network.
export async function cut(fields, {wantsMatte, signal, upload}) {
  const body = new FormData();
  for (const [name, value] of fields) {
    if (value instanceof Blob) body.append(name, value, value.name ?? name);
    else body.append(name, value);
  }
  if (wantsMatte) body.append('matte', '1');
  const begun = performance.now();
  const xhr = await send('POST', '/v1/cut',
                         {body, signal, upload, accept: wantsMatte ? 'application/json' : '*/*'});
  const took = performance.now() - begun;
  if (!wantsMatte) {
    const head = (name) => xhr.getResponseHeader(name);
    return {blob: xhr.response, width: +head('X-Width'), height: +head('X-Height'),
            hasSubject: head('X-Has-Subject') !== 'false', model: head('X-Peel-Model'),
            device: head('X-Peel-Device'), took};
  }
  const told = JSON.parse(await xhr.response.text());
  return {blob: blobOf(told.image, told.type), width: told.width, height: told.height,
          matte: told.matte ? blobOf(told.matte, 'image/png') : null,
          hasSubject: told.has_subject !== false, model: told.model, device: told.device, took};
}

// The matte alone, a grey PNG of the picture's size.
export async function matteOf(fields, signal) {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value, value.name ?? name);
  body.append('mask', 'true');
  body.append('format', 'png');
  return (await send('POST', '/v1/cut', {body, signal})).response;
}

// What the server finds in a picture: its four corners as rectify takes them, or null and why.
export async function findCorners(image, signal) {
  const body = new FormData();
  body.append('image', image, image.name);
  body.append('format', 'jpg');
  body.append('max-size', '64');  // the picture itself is not looked at
  const told = JSON.parse(await (await send('POST', '/v1/rectify', {body, signal, accept: 'application/json'}))
    .response.text()).rectify;
  return {corners: told.corners ?? null, reason: told.reason};
}

// Straightens a picture by its four corners, [[x, y] …] in pixels, clockwise from the top left.
export async function rectify(image, corners, signal) {
  const body = new FormData();
  body.append('image', image, image.name);
  body.append('corners', corners.flat().map((v) => v.toFixed(1)).join(','));
  body.append('format', 'png');
  return (await send('POST', '/v1/rectify', {body, signal})).response;
}
