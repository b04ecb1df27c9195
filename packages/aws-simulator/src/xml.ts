/** Writes XML as EC2 and S3 do. */
export type Xml = string | number | boolean | null | undefined | Xml[] | { [name: string]: Xml };

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * Returns one element with its content; null and undefined leave it out. A list becomes `<name><item>..</item></name>`, EC2's way;
 * `repeated` writes S3's flat lists.
 */
export function element(name: string, value: Xml, attributes = ''): string {
  if (value === null || value === undefined) return '';
  return `<${name}${attributes}>${content(value)}</${name}>`;
}

/** Returns the same element once for each value. */
export function repeated(name: string, values: Xml[]): string {
  return values.map((value) => element(name, value)).join('');
}

function content(value: Xml): string {
  if (Array.isArray(value)) return repeated('item', value);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, child]) => element(name, child))
      .join('');
  }
  return escapeXml(String(value));
}

// XML 1.0 cannot hold control characters at all, except tab, line feed and carriage return.
const CLASS = '[&<>"\\r\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f]';
const ANY_UNSAFE = new RegExp(CLASS);
const UNSAFE = new RegExp(CLASS, 'g');

export function escapeXml(text: string): string {
  // Hardly any text has one.
  if (!ANY_UNSAFE.test(text)) return text;
  return text.replace(UNSAFE, (character) => {
    const known = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' }[character];
    return known ?? '\ufffd';
  });
}
