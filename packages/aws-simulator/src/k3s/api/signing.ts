/**
 * CertificateSigningRequests for clients of the API server, as kube-apiserver and the signer of kube-controller-manager treat them.
 * [docs: Kubernetes, certificate signing requests]
 */
import { randomBytes } from 'node:crypto';
import type { ClusterCa } from '../ca.js';
import { type ApiReply, json, status } from './reply.js';

const SIGNER = 'kubernetes.io/kube-apiserver-client';
const LEAST_SECONDS = 600;
const DEFAULT_SECONDS = 365 * 86_400;
const NAMED = /^\/apis\/certificates\.k8s\.io\/v1\/certificatesigningrequests(?:\/([a-z0-9.-]+)(\/approval)?)?$/;

interface Condition {
  type: string;
  status: string;
  message?: string;
}

interface SigningRequest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; resourceVersion: string };
  spec: { request: string; signerName: string; expirationSeconds?: number; usages: string[]; username: string };
  status: { conditions?: Condition[]; certificate?: string };
}

export class SigningRequests {
  private readonly requests = new Map<string, SigningRequest>();

  /**
   * @param ca of the server that is asked
   * @returns null for paths of other resources
   */
  async answer(method: string, path: string, body: unknown, username: string, ca: ClusterCa): Promise<ApiReply | null> {
    const match = NAMED.exec(path);
    if (match === null) return null;
    const [, name, approval] = match;
    if (name === undefined)
      return method === 'POST' ? this.create(body, username, ca) : status(405, 'MethodNotAllowed', method);
    const found = this.requests.get(name);
    if (found === undefined)
      return status(404, 'NotFound', `certificatesigningrequests.certificates.k8s.io "${name}" not found`);
    if (method === 'GET' && approval === undefined) return json(found);
    if (method === 'PUT' && approval !== undefined)
      return await this.approve(found, body as Partial<SigningRequest>, ca);
    return status(405, 'MethodNotAllowed', method);
  }

  private async create(body: unknown, username: string, ca: ClusterCa): Promise<ApiReply> {
    const { metadata, spec } = body as {
      metadata?: { name?: string; generateName?: string };
      spec?: SigningRequest['spec'];
    };
    const name = metadata?.name ?? `${metadata?.generateName ?? ''}${randomBytes(3).toString('hex').slice(0, 5)}`;
    const pem = Buffer.from(spec?.request ?? '', 'base64').toString('utf8');
    const subject = await ca.subjectOf(pem).catch(() => null);
    const invalid = (why: string) =>
      status(422, 'Invalid', `CertificateSigningRequest.certificates.k8s.io "${name}" is invalid: ${why}`);
    if (spec?.signerName !== SIGNER) return invalid('spec.signerName: not served here');
    if (subject === null) return invalid('spec.request: Invalid value: unable to parse csr');
    if ((spec.expirationSeconds ?? DEFAULT_SECONDS) < LEAST_SECONDS)
      return invalid(
        `spec.expirationSeconds: Invalid value: ${spec.expirationSeconds}: may not specify a duration less than 600 seconds`,
      );
    // Admission plugin CertificateSubjectRestriction.
    if (subject.groups.includes('system:masters'))
      return status(
        403,
        'Forbidden',
        `certificatesigningrequests.certificates.k8s.io "${name}" is forbidden: use of ${SIGNER} signer with system:masters group is not allowed`,
      );
    const request: SigningRequest = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name, resourceVersion: '1' },
      spec: { ...spec, username },
      status: {},
    };
    this.requests.set(name, request);
    return { ...json(request), status: 201 };
  }

  private async approve(request: SigningRequest, body: Partial<SigningRequest>, ca: ClusterCa): Promise<ApiReply> {
    if (body.metadata?.resourceVersion !== request.metadata.resourceVersion)
      return status(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version');
    request.status.conditions = body.status?.conditions ?? [];
    request.metadata.resourceVersion = '2';
    if (request.status.conditions.some(({ type, status: is }) => type === 'Approved' && is === 'True')) {
      const pem = Buffer.from(request.spec.request, 'base64').toString('utf8');
      const cert = await ca.signClient(pem, request.spec.expirationSeconds ?? DEFAULT_SECONDS);
      request.status.certificate = Buffer.from(cert).toString('base64');
    }
    return json(request);
  }
}
