import { describe, expect, it } from 'vitest';
import { KNOWN_ERRORS } from '#src/model/errors/index.js';
import { hintFor } from '#src/model/explain/hints.js';

const about = {
  cluster: 'shop',
  region: 'eu-west-1',
  account: '123456789012',
  message: '',
  slots: ['workers-0'],
  instanceIds: ['i-0abc0abc0abc0abc0'],
  nodeNames: ['shop-workers-0-g1'],
  server: 'server-1',
};

/** This cluster, a field of its document, a setting of its worker, what the message names, or nothing. */
const OWN =
  /shop|eu-west-1|i-0abc|workers-0|server-1|spec\.|k3s\.config|node\.timeout|mountPath|capacityReservation|rootVolume|KEELSON_|AWS_REGION|nothing|the message|named|Keelson/;
/** About the machine's image, the person's own copy of the source, or another's object: there is no more to name. */
const ELSEWHERE =
  /image|defect|the worker (?:reaches|resolves)|a worker runs|proxy or a gateway|bucket|mirror|document/;

describe('hintFor', () => {
  it.each(Object.entries(KNOWN_ERRORS).map(([code, { hint }]) => ({ code, hint })))(
    '$code: names this cluster, its document, or what the message names',
    ({ code, hint }) => {
      // Act
      const text = hintFor({ ...about, code, hint });

      // Assess
      expect(OWN.test(text) || ELSEWHERE.test(text), text).toBe(true);
    },
  );

  it.each([
    {
      code: 'RequestLimitExceeded',
      message: 'RunInstances t3.medium in subnet-0abc for server-0: RequestLimitExceeded: slow',
      says: 'a higher rate of RunInstances in eu-west-1 of the account 123456789012',
    },
    {
      code: 'InsufficientFreeAddressesInSubnet',
      message: 'RunInstances t3.medium in subnet-0abc for server-0: InsufficientFreeAddressesInSubnet',
      says: 'free addresses in subnet-0abc',
    },
    {
      code: 'OperationNotPermitted',
      message: 'TerminateInstances i-0abc0abc0abc0abc0: OperationNotPermitted',
      says: '--region eu-west-1 --instance-id i-0abc0abc0abc0abc0 --no-disable-api-termination',
    },
    {
      code: 'NoSuchBucket',
      message: 'PutObject keelson-prod/clusters/shop/status.yaml: NoSuchBucket: it is gone',
      says: 'aws s3api head-bucket --bucket keelson-prod',
    },
    { code: 'OptInRequired', message: 'x', says: '--region-name eu-west-1 --account-id 123456789012' },
    {
      code: 'ParameterNotFound',
      message: 'there is no SSM parameter /our/image in eu-west-1',
      says: '--name /our/image',
    },
    { code: 'QuorumLost', message: 'x', says: '`keelson restore shop`' },
    { code: 'RegionNotWatched', message: 'x', says: 'region-watch/eu-west-1' },
    // Agents have no access to the API.
    { code: 'DrainHeld', message: 'x', says: 'keelson exec shop server-1 -- k3s kubectl get pdb,pods -A' },
    {
      code: 'NodesReady',
      message: 'x',
      says: 'keelson exec shop server-1 -- k3s kubectl describe node shop-workers-0-g1',
    },
    {
      code: 'MirrorUnreachable',
      message: 'workers-0 (i-1): join failed: K3s at https://mirror.example/k3s, DNS',
      says: 'keelson exec shop workers-0 -- curl --head --silent --show-error https://mirror.example/k3s',
    },
  ])('$code: says $says', ({ code, message, says }) => {
    expect(hintFor({ ...about, code, message, hint: KNOWN_ERRORS[code]?.hint ?? '' })).toContain(says);
  });
});
