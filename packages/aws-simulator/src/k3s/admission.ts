/** Decides who may join: token, CA hash, node password, critical settings. The messages are K3s's. */
import type { K3sConfig } from './config.js';
import { fatal } from './exit.js';
import type { Loaded } from './secrets.js';
import { parseToken } from './token.js';

/**
 * @param loaded secrets of the server that is asked
 * @throws ServiceExit unless the token lets a node of that role in
 */
export function checkToken({ ca, serverPassword, agentPassword }: Loaded, config: K3sConfig, url: string): void {
  if (config.token === null) throw fatal('--token is required');
  const token = parseToken(config.token);
  if (!token) throw fatal('invalid token format');
  if (token.caHash !== null && token.caHash !== ca.hash) {
    throw fatal(`token CA hash does not match the Cluster CA certificate hash: ${token.caHash} != ${ca.hash}`);
  }
  // Agents may use either token, servers only the server's.
  const byServer = token.password === serverPassword && (token.user ?? 'server') === 'server';
  const byAgent = config.role === 'agent' && token.password === agentPassword && (token.user ?? 'node') === 'node';
  if (!byServer && !byAgent) {
    const path = config.role === 'server' ? 'v1-k3s/server-bootstrap' : 'apis';
    throw fatal(
      `starting kubernetes: preparing ${config.role}: failed to validate token: ${url}/${path}: 401 Unauthorized`,
    );
  }
}

/**
 * @param running the critical settings of the running server that is asked: K3s compares with that server as it is now, and only when a
 * server joins. [k3s source: pkg/cluster/bootstrap.go, compareConfig]
 * @throws ServiceExit unless the shared settings of servers are the same here.
 */
export function checkCritical(loaded: Loaded, running: Record<string, string>, config: K3sConfig): void {
  const differing = Object.keys(config.critical).filter((flag) => config.critical[flag] !== running[flag]);
  // A server takes its agent token literally, whatever its form. [k3s source: deps.go]
  if ((config.agentToken ?? loaded.serverPassword) !== loaded.agentPassword) {
    differing.push('agent-token');
  }
  if (differing.length > 0) {
    throw fatal(
      `starting kubernetes: preparing server: failed to validate server configuration: critical configuration value mismatch between servers: ${differing.join(', ')}`,
    );
  }
}

export const PASSWORD_REJECTED =
  "Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag";
