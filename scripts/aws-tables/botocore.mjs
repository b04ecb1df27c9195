// A second source: the service models of botocore, which come with moto. They carry what the JavaScript SDK leaves out of its schemas:
// least and most of numbers, texts and lists, and patterns.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ec2Filters } from './filters.mjs';

/** @param moto folder of the Python environment @returns botocore's version, and its model of a service */
export function botocoreIn(moto) {
  const lib = join(moto, 'lib');
  const packages = join(
    lib,
    readdirSync(lib).find((name) => name.startsWith('python')),
    'site-packages',
  );
  const info = readdirSync(packages).find((name) => /^botocore-[\d.]+\.dist-info$/.test(name));
  const data = join(packages, 'botocore/data');
  return {
    version: /^botocore-([\d.]+)\.dist-info$/.exec(info)[1],
    model: (service) => {
      const newest = readdirSync(join(data, service)).sort().at(-1);
      return JSON.parse(gunzipSync(readFileSync(join(data, service, newest, 'service-2.json.gz'))).toString());
    },
  };
}

/**
 * The limits of the members that the table has; of a list's elements under `Structure.Member[]`.
 *
 * @throws when the two sources do not agree on what members a structure has, and which of them a request must have
 */
export function limitsOf(table, model) {
  const limits = {};
  for (const [name, members] of Object.entries(table.structures)) {
    const shape = model.shapes[name];
    checkSame(name, members, shape);
    for (const member of Object.keys(members)) {
      const own = model.shapes[shape.members[member].shape];
      note(limits, `${name}.${member}`, own);
      if (own.type === 'list') note(limits, `${name}.${member}[]`, model.shapes[own.member.shape]);
    }
  }
  return limits;
}

/** EC2's filters as botocore's documentation lists them. @throws when the two sources do not list the same names */
export function checkFilters(table, model) {
  for (const [call, { input, filters }] of Object.entries(table.calls)) {
    if (filters === undefined) continue;
    const { documentation } = model.shapes[input].members.Filters;
    const here = Object.keys(filters).sort().join(', ');
    const there = Object.keys(ec2Filters(documentation)).sort().join(', ');
    if (here !== there) throw new Error(`${call} has the filters ${here} in the SDK and ${there} in botocore`);
  }
}

function checkSame(name, members, shape) {
  const here = Object.keys(members).sort().join(', ');
  const there = Object.keys(shape?.members ?? {})
    .sort()
    .join(', ');
  if (here !== there) throw new Error(`${name} has ${here} in the SDK and ${there} in botocore`);
  const missing = (shape.required ?? []).filter((member) => members[member].required !== true);
  if (missing.length > 0) throw new Error(`${name} must have ${missing.join(', ')} in botocore, not in the SDK`);
}

function note(limits, path, { type, min, max, pattern }) {
  const key = { list: 'items', map: 'items', string: 'length', integer: 'range', long: 'range' }[type];
  const bounds = min === undefined && max === undefined ? undefined : [min ?? null, max ?? null];
  // A list of no more than anything says nothing.
  const says = key !== undefined && bounds !== undefined && !(bounds[0] === 0 && bounds[1] === null);
  if (!says && pattern === undefined) return;
  limits[path] = { ...(says && { [key]: bounds }), ...(pattern !== undefined && { pattern }) };
}
