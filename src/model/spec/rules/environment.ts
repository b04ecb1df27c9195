import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** Characters that quote, expand or escape, in systemd or in a shell. */
const SPECIAL = /["'`\\$]/;
/** K3s takes them for its snapshots in S3, as it takes etcd-s3-secret-key. [k3s source: pkg/cli/cmds/server.go, EnvVars] */
const CREDENTIALS = /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$/;
const RESERVED = /^(PATH|HOME|NOTIFY_SOCKET|LD_.*|INVOCATION_ID|KEELSON_.*|R)$/;

/** Variables of the K3s service. [systemd.exec: EnvironmentFile; k3s install.sh] */
export const environment: Rule = ({ spec }) =>
  Object.entries(spec.k3s.environment).flatMap(([name, value]): Violation[] => {
    const path = ['spec', 'k3s', 'environment', name];
    const key = (message: string, hint: string): Violation[] => [{ path, message, hint, about: 'key' }];
    if (!NAME.test(name)) return key('is not the name of a variable', 'letters, digits and _');
    if (/^K3S_/.test(name)) return key('is read by K3s as a flag', 'use spec.k3s.config');
    if (CREDENTIALS.test(name))
      return key('would keep a secret in the document', 'leave it out: the instance profile gives access');
    if (RESERVED.test(name)) return key('is set by systemd or by Keelson', 'leave it out');
    if (SPECIAL.test(value))
      return [{ path, message: 'has a quote, a dollar or a backslash', hint: 'write it as %22, %24 ... in a URL' }];
    return /_PROXY$/i.test(name) ? proxy(name, value, path) : [];
  });

const isList = (name: string): boolean => /NO_PROXY$/i.test(name);

/** [Go: golang.org/x/net/http/httpproxy; curl: environment] */
function proxy(name: string, value: string, path: string[]): Violation[] {
  const wrong = (message: string, hint: string): Violation[] => [{ path, message, hint }];
  if (isList(name))
    return value.includes('://')
      ? wrong('has an address with a scheme, which is never met', 'names, addresses and networks by commas')
      : [];
  if (value === '') return [];
  const [, scheme = 'http', host = '', port = '80'] =
    /^(?:([a-z0-9+.-]*):\/\/)?(?:[^@/]*@)?(\[[^\]]*\]|[^:/\s]+)(?::([^/]*))?\/?$/i.exec(value) ?? [];
  const example = 'for example http://proxy.example.org:3128';
  if (host === '') return wrong('is not the address of a proxy', example);
  if (!/^(https?|socks5h?)$/.test(scheme))
    return wrong(`has the scheme ${scheme}`, `http, https or socks5; ${example}`);
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  return isPort ? [] : wrong(`${JSON.stringify(port)} is not a port`, 'from 1 to 65535');
}
