import { inflateSync } from 'node:zlib';
import type { StatusInput } from './api.js';

/** The status that a cluster wants to be written: a large one travels deflated. */
export const statusIn = ({ status, packed }: StatusInput): unknown =>
  packed === undefined ? status : JSON.parse(inflateSync(Buffer.from(packed, 'base64')).toString('utf8'));
