import { type ComponentArg, componentArgs, lastArg } from '../component-args.js';
import { goSeconds } from '../quantity.js';
import type { ClusterSpec } from '../schema.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

const PROGRAMS = ['kube-controller-manager-arg', 'kube-scheduler-arg'];

/** Seconds. [k8s.io: kube-controller-manager and kube-scheduler reference] */
const DEFAULTS = {
  'leader-elect-lease-duration': 15,
  'leader-elect-renew-deadline': 10,
  'leader-elect-retry-period': 2,
};

/** The retry period is lengthened by chance, up to this factor. [client-go source: tools/leaderelection, JitterFactor] */
const JITTER = 1.2;

/**
 * Checks the times of elections: a program whose lease is not longer than its renewal, or whose renewal is not longer than its retries, exits at
 * its start, and K3s with it. [client-go source: tools/leaderelection, NewLeaderElector]
 */
export const leaderElection: Rule = ({ spec }) => {
  const args = componentArgs(spec.k3s.config, ['spec', 'k3s', 'config']);
  return PROGRAMS.flatMap((key) => [...withoutElection(args, key, spec), ...check(args, key)]);
};

/** Without an election the programs of all servers act at once. [k8s.io: references of both programs, leader-elect] */
function withoutElection(args: readonly ComponentArg[], key: string, { mode }: ClusterSpec): Violation[] {
  const arg = lastArg(args, key, 'leader-elect');
  if (mode !== 'ha' || arg === undefined || !/^(false|f|0)$/i.test(arg.value ?? '')) return [];
  const message = 'leader-elect is false, and that program runs on each server';
  return [{ path: arg.path, message, hint: 'leave it out: one acts, and the others wait' }];
}

function check(args: readonly ComponentArg[], key: string): Violation[] {
  const of = (name: keyof typeof DEFAULTS) => {
    const arg = lastArg(args, key, name);
    return { name, arg, seconds: (arg?.value == null ? null : goSeconds(arg.value)) ?? DEFAULTS[name] };
  };
  const [lease, renew, retry] = [
    of('leader-elect-lease-duration'),
    of('leader-elect-renew-deadline'),
    of('leader-elect-retry-period'),
  ];
  const pairs = [
    { long: lease, short: renew, factor: 1, more: 'longer than' },
    { long: renew, short: retry, factor: JITTER, more: `more than ${JITTER} times` },
  ];
  return pairs.flatMap(({ long, short, factor, more }): Violation[] => {
    const at = long.arg ?? short.arg;
    if (at === undefined || long.seconds > short.seconds * factor) return [];
    const message = `${long.name} is ${long.seconds}s, and ${short.name} ${short.seconds}s`;
    return [{ path: at.path, message, hint: `the first must be ${more} the second: set both` }];
  });
}
