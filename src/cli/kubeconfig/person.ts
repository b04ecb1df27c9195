import { secondsOf } from '../../model/duration.js';
import { CliError, EXIT } from '../exit.js';
import type { Person } from './signing-request.js';

/** Options of `keelson kubeconfig` for a person; without any of them it gives the stored file. */
export interface PersonOptions {
  ttl?: string;
  user?: string;
  group?: readonly string[];
}

export interface PersonRequest extends Person {
  ttlSeconds: number;
}

/** Kubernetes signs for ten minutes or longer. [docs: CertificateSigningRequest, expirationSeconds] */
const LEAST_SECONDS = 600;
/** No one can revoke a client certificate: Kubernetes checks no revocation list. */
const MOST_SECONDS = 7 * 86_400;
const DEFAULT_TTL = '8h';
const MOST_GROUPS = 20;

/** X.520 has 64 characters for a name; these characters need no quotes in RBAC, shells and YAML. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._@:/+-]{0,62}[A-Za-z0-9])?$/;

/**
 * Reads the owner of a short-lived kubeconfig.
 *
 * @param sender name of the person at this machine, for whom it is without `--user`
 * @returns null for the stored kubeconfig
 * @throws CliError `invalid`; `refused` for names that belong to Kubernetes
 */
export function personOf({ ttl, user, group = [] }: PersonOptions, sender: string): PersonRequest | null {
  if (ttl === undefined && user === undefined && group.length === 0) return null;
  const groups = [...new Set(group)];
  if (groups.length > MOST_GROUPS)
    throw new CliError(EXIT.invalid, `--group: ${groups.length} groups`, `at most ${MOST_GROUPS}`);
  return {
    user: checked('--user', user ?? sender),
    groups: groups.map((one) => checked('--group', one)),
    ttlSeconds: secondsIn(ttl ?? DEFAULT_TTL),
  };
}

function checked(option: string, name: string): string {
  // system:masters passes all checks of RBAC, and other names of the prefix belong to components. [docs: Kubernetes, RBAC]
  if (/^system:/i.test(name))
    throw new CliError(
      EXIT.refused,
      `${option} ${name}: names with "system:" belong to Kubernetes, which gives some of them all rights`,
      'name a group of your own and bind a role to it; the administrator is what `keelson kubeconfig` gives without --user, --group and --ttl',
    );
  if (NAME.test(name)) return name;
  throw new CliError(
    EXIT.invalid,
    `${option} ${JSON.stringify(name)}: is not a name for a certificate`,
    'at most 64 letters, digits and . _ @ : / + -, beginning and ending with a letter or digit',
  );
}

function secondsIn(ttl: string): number {
  let seconds: number;
  try {
    seconds = secondsOf(ttl);
  } catch (error) {
    throw new CliError(EXIT.invalid, `--ttl ${ttl}: is not a duration`, 'for example 8h', { cause: error });
  }
  if (seconds < LEAST_SECONDS || seconds > MOST_SECONDS)
    throw new CliError(
      EXIT.invalid,
      `--ttl ${ttl}: is out of bounds`,
      'from 10m to 168h: no one can revoke a client certificate',
    );
  return seconds;
}
