import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** What quotes, expands or escapes, in systemd or in a shell. */
const SPECIAL = /["'`\\$]/;
const RESERVED = /^(PATH|HOME|NOTIFY_SOCKET|LD_.*|INVOCATION_ID|KEELSON_.*|R)$/;

/** Variables of the K3s service. [systemd.exec: EnvironmentFile; k3s install.sh] */
export const environment: Rule = ({ spec }) =>
  Object.entries(spec.k3s.environment).flatMap(([name, value]): Violation[] => {
    const path = ['spec', 'k3s', 'environment', name];
    const key = (message: string, remedy: string): Violation[] => [{ path, message, remedy, about: 'key' }];
    if (!NAME.test(name)) return key('is not the name of a variable', 'letters, digits and _');
    if (/^K3S_/.test(name)) return key('is read by K3s as a flag', 'use spec.k3s.config');
    if (RESERVED.test(name)) return key('is set by systemd or by Keelson', 'leave it out');
    if (SPECIAL.test(value))
      return [{ path, message: 'has a quote, a dollar or a backslash', remedy: 'write it as %22, %24 ... in a URL' }];
    return [];
  });
