import { execFileSync } from 'node:child_process';
import * as ec2 from '@aws-sdk/client-ec2';
import * as eventbridge from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as s3 from '@aws-sdk/client-s3';
import * as quotas from '@aws-sdk/client-service-quotas';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableOf } from '../../../../packages/aws-simulator/src/aws-tables/table.js';
import { CREDENTIALS, startTestRegion, type TestRegion } from '../local-region.js';
import { callsOfTheProgram, type Service } from './calls.js';

const calls = callsOfTheProgram();
const SDK = { ec2, s3, sqs, ssm, sts, sns, eventbridge, iam, 'service-quotas': quotas } as unknown as Record<
  Service,
  Record<string, new (input: object) => never>
>;

describe('the tables of AWS', () => {
  it('have every call of the program', () => {
    // Act
    const missing = calls.filter((call) => {
      const [service, action] = call.split(' ') as [Service, string];
      return !Object.hasOwn(tableOf(service).calls, action);
    });

    // Assess
    expect(calls.length).toBeGreaterThan(30);
    expect(missing).toEqual([]);
  });

  it('are what the installed SDK says', () => {
    const script = new URL('../../../../scripts/aws-tables.mjs', import.meta.url).pathname;
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
    // It parses 20 MB of declarations.
  });
});

/** Each call with a parameter that it does not have: were it carried out, or answered by its handler, the answer would be another. */
describe('each call of the program passes the tables', () => {
  let region: TestRegion;
  beforeAll(async () => {
    region = await startTestRegion();
  });
  afterAll(() => region.close());

  const refusals: Record<Service, { name: string; message: RegExp }> = {
    ec2: { name: 'UnknownParameter', message: /The parameter NoSuchThing is not recognized/ },
    ssm: { name: 'ValidationException', message: /'noSuchThing' failed to satisfy constraint/ },
    sqs: { name: 'InvalidParameterValue', message: /NoSuchThing is not a parameter of this call/ },
    s3: { name: 'NotImplemented', message: /implies functionality that is not implemented/ },
    sts: { name: 'ValidationError', message: /'noSuchThing' failed to satisfy constraint/ },
    sns: { name: 'ValidationError', message: /'noSuchThing' failed to satisfy constraint/ },
    eventbridge: { name: 'ValidationException', message: /'noSuchThing' failed to satisfy constraint/ },
    iam: { name: 'ValidationError', message: /'noSuchThing' failed to satisfy constraint/ },
    'service-quotas': { name: 'ValidationException', message: /'noSuchThing' failed to satisfy constraint/ },
  };

  it.each(calls)('%s', async (call) => {
    // Prepare
    const [service, action] = call.split(' ') as [Service, string];
    const client = clientOf(service, region.url);
    client.middlewareStack.add((next) => (args) => next({ ...args, request: corrupted(service, args.request) }), {
      step: 'build',
      priority: 'low',
    });
    const Command = SDK[service][`${action}Command`]!;
    const command = new Command({
      ...{ Bucket: 'keelson-test', Key: 'a', Body: '', UploadId: 'u', PartNumber: 1 },
      QueueUrl: region.queueUrl,
    });

    // Act
    const refused: Refused = await client.send(command).then(
      () => ({ name: 'carried out', message: '', $metadata: {} }),
      (error: Refused) => error,
    );

    // Assess
    const { name, message } = refusals[service];
    // The answer to a HEAD has no body: its status is all that there is.
    if (action.startsWith('Head')) expect(refused.$metadata.httpStatusCode).toBe(501);
    else
      expect({ name: refused.name, message: refused.message }).toEqual({
        name,
        message: expect.stringMatching(message),
      });
  });
});

interface Refused {
  name: string;
  message: string;
  $metadata: { httpStatusCode?: number };
}

interface Sent {
  body?: unknown;
  query: Record<string, string>;
  headers: Record<string, string>;
}

/** In forms; the others but S3 take JSON. */
const QUERY: readonly Service[] = ['ec2', 'sts', 'sns', 'iam'];

function corrupted(service: Service, request: unknown): unknown {
  const sent = request as Sent;
  if (service === 's3') sent.query['no-such-thing'] = '1';
  else {
    const body = sent.body instanceof Uint8Array ? Buffer.from(sent.body).toString() : String(sent.body);
    sent.body = QUERY.includes(service)
      ? `${body}&NoSuchThing=1`
      : JSON.stringify({ ...(JSON.parse(body) as object), NoSuchThing: 1 });
    sent.headers['content-length'] = String(Buffer.byteLength(String(sent.body)));
  }
  return sent;
}

function clientOf(service: Service, endpoint: string) {
  const options = { endpoint, region: 'eu-west-1', credentials: CREDENTIALS, maxAttempts: 1 };
  const client = {
    ec2: () => new ec2.EC2Client(options),
    ssm: () => new ssm.SSMClient(options),
    sqs: () => new sqs.SQSClient(options),
    s3: () => new s3.S3Client({ ...options, forcePathStyle: true }),
    sts: () => new sts.STSClient(options),
    sns: () => new sns.SNSClient(options),
    eventbridge: () => new eventbridge.EventBridgeClient(options),
    iam: () => new iam.IAMClient(options),
    'service-quotas': () => new quotas.ServiceQuotasClient(options),
  }[service]();
  return client as ec2.EC2Client;
}
