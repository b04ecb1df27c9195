/** What the worker itself keeps in the bucket. */
import type { NodeFiles } from '../../model/node-files/wanted.js';
import type { CallContext } from './call.js';

export interface StatusInput extends CallContext {
  /** Written to `clusters/<name>/status.yaml`. */
  status?: unknown;
  /** In its place where it is large: JSON, deflated (zlib), in base64. */
  packed?: string;
  /** Counts the writes of one history, from 1. */
  write: number;
}

export interface StoreFilesInput extends CallContext {
  /** What nodes get, by group. */
  groups: Record<string, NodeFiles>;
  /** Groups whose bundles stay; those of other groups are deleted. */
  keep: string[];
}

export interface ForgetInput extends CallContext {
  /** Keys below `clusters/<name>/`, deleted in this order. */
  keys: string[];
  /** When the delete began, ISO 8601. */
  startedAt: string;
}
