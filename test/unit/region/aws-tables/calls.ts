/** The AWS calls of the program, found in its source. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Service = 'ec2' | 'ssm' | 's3' | 'sqs' | 'sts' | 'sns' | 'eventbridge' | 'iam' | 'service-quotas';

const ROOT = new URL('../../../../src', import.meta.url).pathname;

/** @returns `ec2 RunInstances` and so on, sorted; of commands, paginators and waiters of the SDK's clients */
export function callsOfTheProgram(): string[] {
  const files = readdirSync(ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  const calls = files.flatMap((path) => callsIn(readFileSync(path, 'utf8'), path));
  return [...new Set(calls)].sort();
}

function callsIn(source: string, path: string): string[] {
  const imports = [...source.matchAll(/import (type )?\{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g)];
  if (imports.length !== (source.match(/from '@aws-sdk\/client-/g) ?? []).length)
    throw new Error(`${path} imports a client of the AWS SDK in a way that is not read here`);
  return imports.flatMap(([, onlyTypes, names = '', service = '']) =>
    onlyTypes === undefined ? names.split(',').flatMap((name) => callOf(name.trim(), service)) : [],
  );
}

function callOf(name: string, service: string): string[] {
  const action = /^(\w+)Command$/.exec(name)?.[1] ?? /^paginate(\w+)$/.exec(name)?.[1];
  if (/^waitUntil/.test(name)) throw new Error(`${name}: a waiter of the SDK makes calls that are not read here`);
  return action === undefined ? [] : [`${service} ${action}`];
}
