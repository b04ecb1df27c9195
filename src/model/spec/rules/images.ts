import { architectureOf } from '../architecture.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/** Checks that all types of a document with `spec.image` have one architecture, as the image has. EC2 knows the image's own. */
export const images: Rule = ({ spec }) => {
  const { image } = spec;
  if (image === undefined) return [];
  const unfit = 'ssmParameter' in image ? otherSystem(String(image.ssmParameter)) : [];
  if (unfit.length > 0) return unfit;
  const types = [
    { type: spec.servers.instanceType, path: ['spec', 'servers', 'instanceType'] },
    ...spec.pools.flatMap((pool, index) => [
      { type: pool.instanceType, path: ['spec', 'pools', index, 'instanceType'] },
      ...pool.fallbackTypes.map((type, at) => ({ type, path: ['spec', 'pools', index, 'fallbackTypes', at] })),
    ]),
  ];
  const named = 'ssmParameter' in image ? namedIn(String(image.ssmParameter)) : null;
  const expected = named ?? architectureOf(spec.servers.instanceType);
  const why = named === null ? `like ${spec.servers.instanceType}` : 'by its name';
  return types
    .filter(({ type }) => architectureOf(type) !== expected)
    .map(
      ({ type, path }): Violation => ({
        path,
        message: `${type} is ${architectureOf(type)}, and spec.image is one image, for ${expected} ${why}`,
        hint: 'leave spec.image out (an image is chosen for each architecture), or use types of one architecture',
      }),
    );
};

/** The public parameters of Amazon and Canonical have the architecture in their names. */
function namedIn(parameter: string): 'amd64' | 'arm64' | null {
  if (/(arm64|aarch64)/.test(parameter)) return 'arm64';
  return /(x86_64|amd64)/.test(parameter) ? 'amd64' : null;
}

/** Images whose names say that K3s cannot run there, or that no SSM agent is. [docs: AL2023, minimal AMI; Bottlerocket; docs/how-to/custom-images.md] */
const UNFIT: readonly { name: RegExp; why: string }[] = [
  { name: /windows/i, why: 'is an image of Windows, and K3s runs on Linux' },
  { name: /bottlerocket/i, why: 'is Bottlerocket, which has neither bash nor a writable system' },
  { name: /minimal/i, why: 'is a minimal image without an SSM agent, by which Keelson reaches its nodes' },
  { name: /\/recommended$/, why: 'is a description of an image in JSON, and no id' },
];

function otherSystem(parameter: string): Violation[] {
  const why = parameter.startsWith('/aws/service/') ? UNFIT.find(({ name }) => name.test(parameter))?.why : undefined;
  if (why === undefined) return [];
  const hint = 'for example /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
  return [{ path: ['spec', 'image', 'ssmParameter'], message: why, hint }];
}
