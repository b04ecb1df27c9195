import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Case {
  title: string;
  /** What would have happened without the answer. */
  later?: string;
  /** Keys of the spec, as YAML text. */
  spec: string;
  /** What `keelson validate` says, without the name of the file: `line:column: path: what is wrong (what would be right)`. */
  answer?: string[];
}

const LEAST = [
  '  region: eu-west-1',
  '  mode: ha',
  '  servers: { instanceType: t3.medium }',
  '  k3s: { version: v1.34.2+k3s1 }',
];

/** The least document, with the keys of a case in the place of its own. */
export function compose({ spec }: Case): string {
  const lines = spec.trimEnd().split('\n');
  const given = new Set(lines.flatMap((line) => /^([A-Za-z0-9]+):/.exec(line)?.[1] ?? []));
  const rest = LEAST.filter((line) => !given.has(line.trim().split(':')[0] ?? ''));
  const head = ['apiVersion: keelson/v1', 'kind: Cluster', 'metadata: { name: shop }', 'spec:'];
  return [...head, ...rest, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

export const casesOf = (file: string): Case[] => parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Case[];
