import { generateKeyPairSync, sign } from 'node:crypto';

/**
 * Subject of a client certificate: Kubernetes reads the user from CN and the groups from O. [docs: Kubernetes, X.509 client certificates]
 */
export interface Person {
  user: string;
  groups: readonly string[];
}

export interface SigningRequest {
  /** PKCS #8, PEM. It stays on this machine. */
  key: string;
  /** PKCS #10, PEM. */
  request: string;
}

/**
 * Makes a P-256 key and the request for a certificate of it. Node.js writes no requests, and these few lines are all the DER that one
 * needs. [RFC 2986, 5480, 5758]
 */
export function newSigningRequest({ user, groups }: Person): SigningRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = sequence(...groups.map((group) => attribute(OID.organization, group)), attribute(OID.commonName, user));
  const info = sequence(
    der(0x02, Buffer.from([0])),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    // No attributes: Kubernetes takes usages and lifetime from its own object.
    der(0xa0, Buffer.alloc(0)),
  );
  const signature = sign('sha256', info, privateKey);
  const request = sequence(
    info,
    sequence(OID.ecdsaWithSha256),
    der(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    request: `-----BEGIN CERTIFICATE REQUEST-----\n${request
      .toString('base64')
      .replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE REQUEST-----\n`,
  };
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  // Names of 21 groups stay below 64 KiB.
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

const attribute = (type: Buffer, value: string): Buffer =>
  der(0x31, sequence(type, der(0x0c, Buffer.from(value, 'utf8'))));

/** Identifiers as DER writes them. */
const OID = {
  /** 2.5.4.3 */
  commonName: Buffer.from([0x06, 3, 0x55, 0x04, 0x03]),
  /** 2.5.4.10 */
  organization: Buffer.from([0x06, 3, 0x55, 0x04, 0x0a]),
  /** 1.2.840.10045.4.3.2 */
  ecdsaWithSha256: Buffer.from([0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]),
};
