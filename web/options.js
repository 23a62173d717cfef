// What the panel asks for, as the fields of POST /v1/cut.

export const SUFFIX = {'image/png': 'png', 'image/webp': 'webp', 'image/jpeg': 'jpg', 'image/avif': 'avif'};

// What the panel says now. `values`: FormData of the panel.
export function readOptions(values) {
  const get = (name) => values.get(name) ?? '';
  const side = get('side') === 'own' ? get('longer') : get('side');
  return {
    background: get('background'), colour: get('colour'), radius: get('radius'),
    backdrop: values.get('backdrop')?.size ? values.get('backdrop') : null, fit: get('fit'),
    crop: get('crop') === 'on', margin: get('margin'), shadow: get('shadow') === 'on',
    side: /^\d+$/.test(side) && +side > 0 ? side : '',
    edges: get('edges'), keep: get('keep') === 'on', holes: get('holes') === 'on', model: get('model'),
    format: get('format') || 'png', quality: get('quality'),
  };
}

// What decides the matte: with the same of these, the matte that the server gave before still holds.
export function matteFields(o) {
  const fields = [];
  if (o.model) fields.push(['model', o.model]);
  if (o.edges !== 'auto') fields.push(['edges', o.edges]);
  if (o.keep) fields.push(['keep', 'largest']);
  if (o.holes) fields.push(['fill-holes', 'true']);
  return fields;
}

// What is made of picture and matte.
export function lookFields(o) {
  const fields = [['format', o.format]];
  if (o.format !== 'png' && o.quality) fields.push(['quality', o.quality]);
  if (o.background === 'colour') fields.push(['background', o.colour]);
  if (o.background === 'blur') fields.push(['background', `blur:${o.radius}`]);
  if (o.background === 'picture' && o.backdrop) {
    fields.push(['background_image', o.backdrop], ['background-fit', o.fit]);
  }
  if (o.crop) fields.push(['crop', `${o.margin}%`]);
  if (o.shadow) fields.push(['shadow', 'true']);
  if (o.side) fields.push(['max-size', o.side]);
  return fields;
}

// Two sets of fields ask for the same where their texts are the same.
export const textOf = (fields) => JSON.stringify(fields.map(([name, value]) =>
  [name, value instanceof Blob ? [value.name, value.size, value.lastModified] : value]));

// Whether the result shows another part of the picture than the original, so that they cannot lie
// over each other.
export const reframes = (o) => o.crop;
