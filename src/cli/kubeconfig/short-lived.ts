import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as z from 'zod';
import { CliError, EXIT } from '../exit.js';
import { pause } from '../wait/abort.js';
import { type KubeApi, kubeApi } from './kube-api.js';
import type { PersonRequest } from './person.js';
import { newSigningRequest } from './signing-request.js';
import type { Access } from './stored.js';

const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
/** Signer of client certificates. [docs: Kubernetes, signers] */
const SIGNER = 'kubernetes.io/kube-apiserver-client';
const SIGNED_MS = 30_000;
const PAUSE_MS = 250;
/** Kubernetes dates a certificate back by five minutes. */
const SLACK_MS = 10 * 60_000;

const object = z.object({
  metadata: z.looseObject({ name: z.string().regex(/^[a-z0-9.-]{1,253}$/) }),
  spec: z.looseObject({}),
  status: z
    .looseObject({
      certificate: z.base64().optional(),
      conditions: z.array(z.looseObject({ type: z.string(), message: z.string().optional() })).optional(),
    })
    .optional(),
});

/**
 * Gets a client certificate for a person from the cluster's own certificate API. The key is made here and never leaves this machine;
 * Kubernetes records the requester and the approver in its audit log, and lets no such certificate name system:masters. [ADR 49]
 *
 * @param admin the stored access, which may create and approve requests
 * @returns the same cluster with the certificate and key of the person, and until when they are valid
 * @throws CliError as `kubeApi` does; `failed` if the request is denied, not signed in time, or signed for someone else
 */
export async function shortLived(
  admin: Access,
  person: PersonRequest,
  requestedBy: string,
  signal: AbortSignal,
): Promise<{ access: Access; until: Date }> {
  const api = kubeApi(admin, signal);
  const { key, request } = newSigningRequest(person);
  const created = objectOf(
    await api('POST', REQUESTS, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { generateName: 'keelson-' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: SIGNER,
        expirationSeconds: person.ttlSeconds,
        usages: ['client auth'],
      },
    }),
  );
  const path = `${REQUESTS}/${created.metadata.name}`;
  await api('PUT', `${path}/approval`, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    ...created,
    status: {
      conditions: [
        {
          type: 'Approved',
          status: 'True',
          reason: 'KeelsonKubeconfig',
          message: `${requestedBy}, as they say, by keelson kubeconfig`,
        },
      ],
    },
  });
  const certificate = await signed(api, path, signal);
  const until = checked(certificate, key, person);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return { access: { ...admin, clientCertificate: base64(certificate), clientKey: base64(key) }, until };
}

function objectOf(answer: unknown): z.infer<typeof object> {
  const read = object.safeParse(answer);
  if (read.success) return read.data;
  throw new CliError(EXIT.failed, 'the API answers with something else than a CertificateSigningRequest', '', {
    cause: read.error,
  });
}

async function signed(api: KubeApi, path: string, signal: AbortSignal): Promise<string> {
  for (const deadline = Date.now() + SIGNED_MS; Date.now() < deadline; await pause(PAUSE_MS, signal)) {
    const { status } = objectOf(await api('GET', path));
    const refusal = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');
    if (refusal !== undefined)
      throw new CliError(EXIT.failed, `Kubernetes does not sign the certificate: ${refusal.message ?? refusal.type}`);
    if (status?.certificate !== undefined) return Buffer.from(status.certificate, 'base64').toString('utf8');
  }
  throw new CliError(
    EXIT.failed,
    `Kubernetes has not signed the certificate in ${SIGNED_MS / 1_000} s`,
    'check kube-controller-manager: `k3s kubectl get csr` on a server shows the request',
  );
}

/** A file gets nothing but the requested certificate. */
function checked(pem: string, key: string, { user, groups, ttlSeconds }: PersonRequest): Date {
  const certificate = new X509Certificate(pem);
  const subject = certificate.subject.split('\n').toSorted();
  const wanted = [`CN=${user}`, ...groups.map((group) => `O=${group}`)].toSorted();
  const until = new Date(certificate.validTo);
  const isAsked =
    certificate.checkPrivateKey(createPrivateKey(key)) &&
    JSON.stringify(subject) === JSON.stringify(wanted) &&
    until.getTime() <= Date.now() + ttlSeconds * 1_000 + SLACK_MS;
  if (isAsked) return until;
  throw new CliError(
    EXIT.failed,
    `Kubernetes has signed another certificate than was asked for: ${subject.join(', ')} until ${certificate.validTo}`,
    'nothing was written: look for who answers in the place of the API server',
  );
}
