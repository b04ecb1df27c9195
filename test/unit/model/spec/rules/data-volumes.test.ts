import { describe, expect, it } from 'vitest';
import { dataVolumesOf } from '#src/model/volumes/requests.js';
import { pool, sample, textsOf, valid } from '../sample.js';

const servers = (...volumes: object[]) => sample({ servers: { instanceType: 't3.medium', volumes } });
const data = { name: 'data', sizeGiB: 100 };

describe('data volumes of a document', () => {
  it('get device names in their order, and ext4 where nothing else is said', () => {
    const document = valid({
      pools: [
        pool({
          volumes: [
            { ...data, mountPath: '/mnt/data', keep: true },
            { name: 'raw', sizeGiB: 10 },
          ],
        }),
      ],
    });

    const requests = dataVolumesOf(document.spec.pools[0]?.volumes ?? []);

    expect(requests).toMatchObject([
      { name: 'data', device: '/dev/sdf', mountPath: '/mnt/data', filesystem: 'ext4', keep: true, encrypted: true },
      { name: 'raw', device: '/dev/sdg', mountPath: null, keep: false },
    ]);
  });

  it.each([
    ['two of one name', [data, { ...data, device: '/dev/sdk' }], /volumes\[1\]\.name: data is there twice/],
    [
      'a device that another has by default',
      [data, { name: 'b', sizeGiB: 1, device: '/dev/sdf' }],
      /volumes\[1\]\.device: .dev.sdf is there twice/,
    ],
    ['the root device', [{ ...data, device: '/dev/sda1' }], /is not a device name from \/dev\/sdf/],
    ['a size below one', [{ ...data, sizeGiB: 0 }], /sizeGiB/],
    ['a type that it does not know', [{ ...data, type: 'gp4' }], /type: .*gp3/],
    ['io2 without IOPS', [{ ...data, type: 'io2' }], /iops: is missing/],
    [
      'io2 with too many IOPS',
      [{ ...data, type: 'io2', sizeGiB: 10, iops: 20_000 }],
      /at most 1000 for each GiB: 10000/,
    ],
    ['gp3 with few IOPS', [{ ...data, iops: 1000 }], /gp3 has 3000 to 80000/],
    ['gp2 with throughput', [{ ...data, type: 'gp2', throughput: 250 }], /throughput: is not for gp2/],
    ['a key without encryption', [{ ...data, encrypted: false, kmsKeyId: 'alias/a' }], /kmsKeyId: has no effect/],
    ['the root', [{ ...data, mountPath: '/' }], /mountPath/],
    ['/var', [{ ...data, mountPath: '/var' }], /folder of the operating system/],
    ['/etc/rancher', [{ ...data, mountPath: '/etc/rancher' }], /folder of the operating system/],
    ['a path with dots', [{ ...data, mountPath: '/mnt/../etc' }], /one of dots/],
    ['a relative path', [{ ...data, mountPath: 'mnt' }], /absolute path/],
    ['a file system of a raw volume', [{ ...data, filesystem: 'xfs' }], /no effect without mountPath/],
    ['a file system that it does not know', [{ ...data, mountPath: '/mnt/a', filesystem: 'btrfs' }], /ext4/],
    [
      'one mount in another',
      [
        { ...data, mountPath: '/mnt' },
        { name: 'b', sizeGiB: 1, mountPath: '/mnt/b' },
      ],
      /volumes\[1\]\.mountPath: \/mnt\/b is in the volume data at \/mnt/,
    ],
    [
      'two at one path',
      [
        { ...data, mountPath: '/mnt/a' },
        { name: 'b', sizeGiB: 1, mountPath: '/mnt/a' },
      ],
      /volumes\[1\]\.mountPath/,
    ],
    ['etcd kept', [{ ...data, mountPath: '/var/lib/rancher/k3s/server/db', keep: true }], /another node/],
    ['K3s kept', [{ ...data, mountPath: '/var/lib/rancher', keep: true }], /another node/],
  ])('are refused: %s', (_, volumes, answer) => {
    const texts = textsOf(servers(...volumes));

    expect(texts.join('\n')).toMatch(answer);
  });

  it.each([
    ['local-path volumes kept', { ...data, mountPath: '/var/lib/rancher/k3s/storage', keep: true }],
    ['all of K3s on a volume that is not kept', { ...data, mountPath: '/var/lib/rancher' }],
    ['io2', { ...data, type: 'io2', iops: 100 }],
    ['a raw volume that is kept', { ...data, keep: true }],
  ])('are accepted: %s', (_, volume) => {
    expect(textsOf(servers(volume))).toEqual([]);
  });
});

describe('a capacity reservation', () => {
  const id = 'cr-0123456789abcdef0';
  const resourceGroupArn = 'arn:aws:resource-groups:eu-west-1:123456789012:group/keelson';
  const withReservation = (capacityReservation: object, more: object = {}) =>
    sample({ pools: [pool({ capacityReservation, ...more })] });

  it.each([
    ['nothing', {}, {}, /names no reservation/],
    ['two', { id, preference: 'open' }, {}, /has id and preference/],
    ['no id', { id: 'reserved' }, {}, /not the id of a capacity reservation/],
    ['no ARN', { resourceGroupArn: 'group/keelson' }, {}, /not the ARN of a resource group/],
    ['one type for several', { id }, { fallbackTypes: ['t3a.large'] }, /the pool has fallbackTypes/],
  ])('is refused: %s', (_, reservation, more, answer) => {
    expect(textsOf(withReservation(reservation, more)).join('\n')).toMatch(answer);
  });

  it.each([[{ id }], [{ resourceGroupArn }], [{ preference: 'capacity-reservations-only' }]])(
    'is accepted: %j',
    (one) => {
      expect(textsOf(withReservation(one))).toEqual([]);
    },
  );
});
