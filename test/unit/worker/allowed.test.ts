import { describe, expect, it } from 'vitest';
import type { Activities, PreflightInput } from '#src/activities/api.js';
import { readWorkerEnvironment } from '#src/config/environment.js';
import type { AllowedResources } from '#src/model/trust/allowed.js';
import { withAllowed } from '#src/worker/allowed.js';
import { documentWith, failureOf } from '../activities/support.js';

const VPC = 'vpc-0123456789abcdef0';
const AMI = 'ami-0123456789abcdef0';

const NONE: AllowedResources = { images: null, vpcs: null, securityGroups: null };

/** Resolves a document's launch config into `VPC` with what the operator allows. */
function resolve(image: object | undefined, allowed: Partial<AllowedResources>, spec: object = {}) {
  const asked: unknown[] = [];
  const activities = {
    resolveLaunchConfig: (input: unknown) => {
      asked.push(input);
      return Promise.resolve({ launchConfig: { vpcId: VPC }, userData: {} });
    },
  } as unknown as Activities;
  const document = documentWith({ ...(image !== undefined && { image }), ...spec });
  const input = { document } as PreflightInput;
  const result = withAllowed(activities, { ...NONE, ...allowed }).resolveLaunchConfig(input);
  return { asked, result };
}

describe('images that a document may name', () => {
  it.each([
    ['any, where the operator says nothing', { id: AMI }, null],
    ['none, which is Amazon Linux 2023', undefined, ['ami-00000000']],
    ['one that is listed', { id: AMI }, [AMI]],
    ['a parameter that is listed', { ssmParameter: '/golden/k3s' }, ['/golden/k3s']],
    ['a parameter below one that is listed', { ssmParameter: '/golden/k3s/arm64' }, ['/golden/*']],
  ])('are %s', async (_, image, images) => {
    await expect(resolve(image, { images }).result).resolves.toMatchObject({ launchConfig: { vpcId: VPC } });
  });

  it.each([
    ['another id', { id: AMI }, ['ami-00000000']],
    ['an id where parameters are listed', { id: AMI }, ['/golden/*']],
    ['a parameter beside the listed folder', { ssmParameter: '/golden-not/k3s' }, ['/golden/*']],
    ['the listed folder itself', { ssmParameter: '/golden/' }, ['/golden/*']],
    ['a path out of the listed folder', { ssmParameter: '/golden/../evil' }, ['/golden/*']],
    ['a longer name than the listed one', { ssmParameter: '/golden/k3s2' }, ['/golden/k3s']],
  ])('are not %s, and the account is not asked', async (_, image, images) => {
    const { asked, result } = resolve(image, { images });

    expect(await failureOf(result)).toMatchObject({ code: 'ImageNotAllowed', class: 'invalid' });
    expect(asked).toEqual([]);
  });
});

describe('VPCs that nodes may be in', () => {
  it('are looked up again before one is refused: the answer may be of earlier', async () => {
    const { asked, result } = resolve(undefined, { vpcs: ['vpc-00000000'] });

    await failureOf(result);

    expect(asked).toEqual([expect.not.objectContaining({ again: true }), expect.objectContaining({ again: true })]);
  });

  it('are those that the operator lists, whatever the document names', async () => {
    await expect(resolve(undefined, { vpcs: [VPC] }).result).resolves.toBeDefined();
    expect(await failureOf(resolve(undefined, { vpcs: ['vpc-00000000'] }).result)).toMatchObject({
      code: 'VpcNotAllowed',
      class: 'invalid',
    });
  });
});

const [OURS, THEIRS] = ['sg-0123456789abcdef0', 'sg-00000000'];

describe('security groups that a document may name', () => {
  const named = (network: object, securityGroups: string[] | null) =>
    resolve(undefined, { securityGroups }, { network });

  it.each([
    ['any, where the operator says nothing', { extraSecurityGroupIds: [THEIRS] }, null],
    ['none', {}, [OURS]],
    ['further ones that are listed', { extraSecurityGroupIds: [OURS] }, [OURS]],
    ['listed ones instead of its own', { securityGroupIds: [OURS] }, [OURS]],
  ])('are %s', async (_, network, listed) => {
    await expect(named(network, listed).result).resolves.toBeDefined();
  });

  it.each([
    ['another further one', { extraSecurityGroupIds: [OURS, THEIRS] }],
    ['another one instead of its own', { securityGroupIds: [THEIRS] }],
  ])('are not %s, and the account is not asked', async (_, network) => {
    const { asked, result } = named(network, [OURS]);
    expect(await failureOf(result)).toMatchObject({
      code: 'SecurityGroupNotAllowed',
      message: expect.stringContaining(THEIRS),
    });
    expect(asked).toEqual([]);
  });

  it('are what nodes that exist may join, beside the own groups of their cluster', async () => {
    const joined: unknown[] = [];
    const activities = {
      setInstanceGroups: async (input: unknown) => void joined.push(input),
    } as unknown as Activities;
    const { setInstanceGroups } = withAllowed(activities, { ...NONE, securityGroups: [OURS] });
    const join = (id: string) =>
      setInstanceGroups({ groupIds: ['sg-11111111', id], named: [id] } as Parameters<typeof setInstanceGroups>[0]);
    await join(OURS);
    expect(await failureOf(join(THEIRS))).toMatchObject({ code: 'SecurityGroupNotAllowed' });
    expect(joined).toHaveLength(1);
  });
});

describe('the environment of the worker', () => {
  const read = (more: Record<string, string>) =>
    readWorkerEnvironment({ AWS_REGION: 'eu-west-1', KEELSON_BUCKET: 'ops', ...more });

  it('holds both lists', async () => {
    const lists = { KEELSON_ALLOWED_IMAGES: `${AMI}, /golden/*`, KEELSON_ALLOWED_VPCS: VPC };

    expect(await read(lists)).toMatchObject({ allowedImages: [AMI, '/golden/*'], allowedVpcs: [VPC] });
    expect(await read({})).toMatchObject({ allowedImages: null, allowedVpcs: null });
  });

  it.each([
    ['KEELSON_ALLOWED_IMAGES', 'ami-*'],
    ['KEELSON_ALLOWED_IMAGES', '*'],
    ['KEELSON_ALLOWED_IMAGES', `${AMI},`],
    ['KEELSON_ALLOWED_VPCS', 'vpc-*'],
    ['KEELSON_ALLOWED_SECURITY_GROUPS', 'sg-*'],
    ['KEELSON_ALLOWED_VPCS', 'subnet-0123456789abcdef0'],
  ])('refuses %s=%s: a list that allows more than it says is worse than none', async (name, value) => {
    await expect(read({ [name]: value })).rejects.toThrow(name);
  });
});
