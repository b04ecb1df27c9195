import { dataVolumesOf } from '../../volumes/requests.js';
import type { ClusterSpec, DataVolume } from '../schema.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

type Path = (string | number)[];

/** Checks names, device names and mount paths of data volumes: no two alike, and none that would hide or break something. */
export const dataVolumes: Rule = ({ spec }) =>
  groupsOf(spec).flatMap(({ path, volumes }) => [
    ...doubles(path, volumes, 'name', ({ name }) => name),
    ...doubles(path, volumes, 'device', ({ device }) => device),
    ...nested(path, volumes),
    ...volumes.flatMap((volume, index) => check([...path, index], volume)),
  ]);

const groupsOf = ({ servers, pools }: ClusterSpec): { path: Path; volumes: DataVolume[] }[] => [
  { path: ['spec', 'servers', 'volumes'], volumes: servers.volumes },
  ...pools.map(({ volumes }, index) => ({ path: ['spec', 'pools', index, 'volumes'] as Path, volumes })),
];

/** With the defaults: a volume without a device must not get one that another names. */
function doubles(
  path: Path,
  volumes: DataVolume[],
  field: 'name' | 'device',
  of: (volume: { name: string; device: string }) => string,
): Violation[] {
  const seen = new Set<string>();
  return dataVolumesOf(volumes).flatMap((volume, index) => {
    const value = of(volume);
    const twice = seen.has(value);
    seen.add(value);
    return twice
      ? [{ path: [...path, index, field], message: `${value} is there twice`, hint: 'each volume needs its own' }]
      : [];
  });
}

/** Mounts follow the order of the list, so that the second would hide a path below it. */
function nested(path: Path, volumes: DataVolume[]): Violation[] {
  return volumes.flatMap(({ mountPath }, index) => {
    const outer = volumes.findIndex(
      (other, at) =>
        at !== index &&
        mountPath !== undefined &&
        other.mountPath !== undefined &&
        (isBelow(mountPath, other.mountPath) || (at < index && mountPath === other.mountPath)),
    );
    if (outer < 0) return [];
    const message = `${mountPath} is in the volume ${volumes[outer]?.name} at ${volumes[outer]?.mountPath}`;
    return [{ path: [...path, index, 'mountPath'], message, hint: 'mount it elsewhere' }];
  });
}

const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** The system, Keelson and the SSM agent use these before a volume is mounted, or depend on them. */
const SYSTEM =
  /^\/(bin|boot|dev|etc|home|lib|lib32|lib64|proc|root|run|sbin|snap|sys|tmp|usr|var|var\/(lib|log|cache|tmp|run|lock|snap)|var\/lib\/(amazon|cloud|keelson|snapd|systemd|dhcp|dhclient))$/;
const SYSTEM_BELOW =
  /^\/(bin|boot|dev|etc|lib|lib32|lib64|proc|run|sbin|sys|usr|snap|var\/lib\/(keelson|amazon|cloud|systemd|snapd))\//;

/**
 * K3s's data of one node, by its name: a successor has another name and must not find it. The database of a removed member keeps a server
 * from joining again. [k3s source: pkg/cluster, pkg/agent/config]
 */
const OF_ONE_NODE =
  /^\/var\/lib\/(rancher(\/k3s(\/(agent|server|data)(\/.*)?)?)?|kubelet(\/.*)?|cni(\/.*)?|containerd(\/.*)?)$/;

function check(path: Path, { mountPath, filesystem, keep }: DataVolume): Violation[] {
  if (mountPath === undefined)
    return filesystem === undefined
      ? []
      : [
          {
            path: [...path, 'filesystem'],
            message: 'has no effect without mountPath',
            hint: 'add mountPath, or leave it out for a raw volume',
          },
        ];
  const at = [...path, 'mountPath'];
  if (/\/(\.{0,2})(\/|$)/.test(mountPath))
    return [{ path: at, message: 'has an empty part, or one of dots', hint: 'write the path of a folder as it is' }];
  if (SYSTEM.test(mountPath) || SYSTEM_BELOW.test(mountPath))
    return [
      {
        path: at,
        message: `${mountPath} is a folder of the operating system`,
        hint: 'a folder of its own, for example /var/lib/data or /mnt/data',
      },
    ];
  if (keep && OF_ONE_NODE.test(mountPath))
    return [
      {
        path: at,
        message: `${mountPath} holds what K3s keeps of one node, and the successor of the node is another node`,
        hint: 'leave out keep, or mount a folder of your own, for example /var/lib/rancher/k3s/storage',
      },
    ];
  return [];
}
