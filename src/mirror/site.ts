import { DEFAULT_MIRROR } from '../model/spec/schema.js';

/**
 * Returns the mirror to ask when a site names its own once (`KEELSON_K3S_MIRROR`) for all documents that leave `spec.k3s.mirror` at its
 * default. Documents and histories stay the same everywhere.
 *
 * @param documented mirror of the document
 * @param ofSite null if the site names none
 */
export function siteMirror(documented: string, ofSite: string | null): string {
  return documented === DEFAULT_MIRROR ? (ofSite ?? documented) : documented;
}
