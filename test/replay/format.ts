import { gunzipSync, gzipSync } from 'node:zlib';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';

const { History: message } = proto.temporal.api.history.v1;

/** A history as the server keeps it, packed. */
export const encodeHistory = (history: History): Uint8Array => gzipSync(message.encode(history).finish(), { level: 9 });

export const decodeHistory = (packed: Uint8Array): History => message.decode(gunzipSync(packed));
