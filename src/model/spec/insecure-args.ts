import { type ComponentArg, lastArg } from './component-args.js';
import type { Violation } from './violation.js';

/** A value that opens what K3s closes. */
interface Opening {
  opens: (value: string) => boolean;
  /** What the value does. */
  what: string;
  /** What K3s sets, or Kubernetes where K3s sets nothing. */
  instead: string;
}

const is =
  (pattern: RegExp) =>
  (value: string): boolean =>
    pattern.test(value);
const TRUE = is(/^(true|t|1)$/i);
const FALSE = is(/^(false|f|0)$/i);
const has =
  (word: string) =>
  (value: string): boolean =>
    value.split(',').some((one) => one.trim() === word);
const PROFILES: Opening = { opens: TRUE, what: 'serves profiles of the running program', instead: 'false' };

/**
 * What the self-assessment of K3s's hardening guide wants to see, by the key and the flag that can undo it. K3s itself passes these controls.
 * [docs: K3s, security/self-assessment, CIS 1.2, 1.3, 1.4 and 4.2]
 */
const OPENINGS: Readonly<Record<string, Readonly<Record<string, Opening>>>> = {
  'kubelet-arg': {
    'anonymous-auth': { opens: TRUE, what: 'lets the kubelet answer callers without a name', instead: 'false' },
    'authorization-mode': {
      opens: has('AlwaysAllow'),
      what: 'lets each caller of the kubelet run commands in all pods of its node',
      instead: 'Webhook',
    },
    'read-only-port': {
      opens: is(/^0*[1-9]\d*$/),
      what: 'serves pods and their environment to each caller, without TLS',
      instead: '0',
    },
    'streaming-connection-idle-timeout': {
      opens: is(/^(0[a-zµ]*)+$/),
      what: 'keeps idle connections of exec and logs open for ever',
      instead: '4h0m0s',
    },
  },
  'kube-apiserver-arg': {
    'anonymous-auth': { opens: TRUE, what: 'lets the API answer callers without a name', instead: 'false' },
    'authorization-mode': {
      opens: has('AlwaysAllow'),
      what: 'lets each caller of the API do everything',
      instead: 'Node,RBAC',
    },
    'enable-admission-plugins': {
      opens: has('AlwaysAdmit'),
      what: 'names AlwaysAdmit, which refuses nothing',
      instead: 'NodeRestriction',
    },
    profiling: PROFILES,
    'service-account-lookup': {
      opens: FALSE,
      what: 'takes tokens of service accounts that were deleted',
      instead: 'true',
    },
    'token-auth-file': { opens: () => true, what: 'holds tokens that never end', instead: 'no such file' },
  },
  'kube-controller-manager-arg': {
    profiling: PROFILES,
    'use-service-account-credentials': {
      opens: FALSE,
      what: 'gives all controllers the rights of the controller manager',
      instead: 'true',
    },
  },
  'kube-scheduler-arg': { profiling: PROFILES },
};

/** Returns the flags of a configuration by which a document opens what K3s closes. The last of a name counts; a name alone is true. */
export function insecureArgs(args: readonly ComponentArg[]): Violation[] {
  return Object.entries(OPENINGS).flatMap(([key, flags]) =>
    Object.entries(flags).flatMap(([name, { opens, what, instead }]): Violation[] => {
      const arg = lastArg(args, key, name);
      if (arg === undefined || !opens((arg.value ?? 'true').trim())) return [];
      const written = arg.value === null ? name : `${name}=${arg.value}`;
      return [{ path: arg.path, message: `${written} ${what}`, hint: `leave it out: K3s has ${instead}` }];
    }),
  );
}
