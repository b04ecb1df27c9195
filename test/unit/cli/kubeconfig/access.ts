import type { Access } from '#src/cli/kubeconfig/stored.js';
import { createClusterCa } from '../../../../packages/aws-simulator/src/k3s/ca.js';

export const HOST = '203.0.113.5';

/** What Keelson stores of a cluster, and the CA's hash. */
export function createAccess(host = HOST): { access: Access; caHash: string } {
  const { serverCa, issueAdmin, hash } = createClusterCa();
  const admin = issueAdmin();
  const data = (text: string): string => Buffer.from(text).toString('base64');
  return {
    access: {
      server: `https://${host}:6443`,
      ca: data(serverCa),
      clientCertificate: data(admin.cert),
      clientKey: data(admin.key),
    },
    caHash: hash,
  };
}

/** The file as K3s writes it. */
export const storedText = ({ server, ca, clientCertificate, clientKey }: Access): string => `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${ca}
    server: ${server}
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
users:
- name: default
  user:
    client-certificate-data: ${clientCertificate}
    client-key-data: ${clientKey}
`;
