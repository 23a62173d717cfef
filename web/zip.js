// Writes a zip archive with its files stored: pictures are compressed already.

const TABLE = Uint32Array.from({length: 256}, (_, n) => {
  for (let k = 0; k < 8; ++k) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

// photo.png, photo (2).png …: extracting must lose none.
export function distinct(names) {
  const taken = new Set();
  return names.map((name) => {
    const dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length;
    let free = name;
    for (let n = 2; taken.has(free.toLowerCase()); ++n) {
      free = `${name.slice(0, dot)} (${n})${name.slice(dot)}`;
    }
    taken.add(free.toLowerCase());
    return free;
  });
}

function dosTime(date) {
  const year = Math.max(1980, date.getFullYear()) - 1980;
  return [date.getHours() << 11 | date.getMinutes() << 5 | date.getSeconds() >> 1,
          year << 9 | (date.getMonth() + 1) << 5 | date.getDate()];
}

// files: [{name, blob}], less than 4 GiB and 65,536 files together: there is no zip64 here.
export async function makeZip(files, now = new Date()) {
  const names = distinct(files.map((file) => file.name));
  const [time, day] = dosTime(now);
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [i, {blob}] of files.entries()) {
    const name = new TextEncoder().encode(names[i]);
    const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
    // What the local and the central header share, from "version needed" on.
    const common = [[2, 20], [2, 0x800], [2, 0], [2, time], [2, day], [4, crc], [4, blob.size],
                    [4, blob.size], [2, name.length], [2, 0]];
    const local = record([[4, 0x04034b50], ...common]);
    directory.push(record([[4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]),
                   name);
    parts.push(local, name, blob);
    offset += local.length + name.length + blob.size;
    if (offset > 0xffffffff || i > 0xfffe) {
      throw new Error('These pictures are too many for one zip archive. Download them one by one.');
    }
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, length],
                      [4, offset], [2, 0]]);
  return new Blob([...parts, ...directory, end], {type: 'application/zip'});
}

// Little-endian numbers of 2 or 4 bytes.
function record(fields) {
  const bytes = new Uint8Array(fields.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}
