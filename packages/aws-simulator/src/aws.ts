/** Handles every AWS call: signature, fault plans, latency, permissions, the service, the record. */
import { randomUUID } from 'node:crypto';
import { AwsError, errorReply } from './aws-error.js';
import { refusalByTable } from './aws-tables/gate.js';
import { callOf, factsOf } from './call.js';
import type { AwsCall, Fault, HttpReply } from './contract.js';
import { admit } from './gate.js';
import type { Request } from './http.js';
import type { Iam } from './iam/iam.js';
import type { CallEntry } from './record.js';
import type { Sessions } from './sts/sessions.js';
import type { LocalWorld } from './world.js';

export interface Services {
  ec2(call: AwsCall, requestId: string): Promise<HttpReply>;
  ssm(call: AwsCall): Promise<HttpReply>;
  s3(call: AwsCall, requestId: string): Promise<HttpReply>;
  sqs(call: AwsCall, requestId: string): Promise<HttpReply>;
  sts(call: AwsCall, requestId: string): Promise<HttpReply>;
  sns(call: AwsCall, requestId: string): HttpReply;
  eventbridge(call: AwsCall, requestId: string): HttpReply;
  iam(call: AwsCall, requestId: string): Promise<HttpReply>;
  serviceQuotas(call: AwsCall, requestId: string): HttpReply;
}

/** Receives every call before it runs and before its answer; the call waits for it. */
export type OnCall = (moment: 'before' | 'after', call: CallEntry) => void | Promise<void>;

export interface AwsFront {
  world: LocalWorld;
  regions: ReadonlySet<string>;
  sessions: Sessions;
  services: Services;
  iam: Iam;
  onCall?: OnCall | undefined;
}

/** @returns null to cut the connection */
export async function serveAws(front: AwsFront, request: Request): Promise<HttpReply | null> {
  const { world } = front;
  const startedAt = performance.now();
  const admission = admit(request, front.regions, front.sessions);
  const call = callOf(admission, request);
  const { params, instanceIds, tags } = factsOf(call);
  const { caller, account, service, region, action } = call;
  const entry = world.record.begin({ caller, account, service, region, action, params, instanceIds });
  await front.onCall?.('before', entry);
  const fault = world.fault('call', { ...params, service, region, action, instanceIds, tags });
  if (fault !== undefined) entry.fault = JSON.stringify(fault);
  const reply = await carryOut(front, call, admission.refusal, fault);
  const isLost = reply === null || fault?.loseAnswer === true;
  world.record.end(entry, isLost ? 0 : reply.status, reply === null ? null : codeOf(reply), startedAt);
  await front.onCall?.('after', entry);
  return isLost ? null : reply;
}

async function carryOut(
  { world, services, iam }: AwsFront,
  call: AwsCall,
  refusal: AwsError | null,
  fault: Fault | undefined,
): Promise<HttpReply | null> {
  const requestId = randomUUID();
  await world.wait(world.profile.call + (fault?.delayMs ?? 0));
  if (fault?.cut) return null;
  // Checks in this order who asks, whether AWS answers at all, whether it takes such a request, and whether this caller may send it.
  const error = refusal ?? errorOf(call.service, fault) ?? refusalByTable(call) ?? (await iam.refusalOf(call));
  if (error !== null) return errorReply(call.service, error, requestId);
  switch (call.service) {
    case 'ec2':
      return services.ec2(call, requestId);
    case 'ssm':
      return services.ssm(call);
    case 's3':
      return services.s3(call, requestId);
    case 'sqs':
      return services.sqs(call, requestId);
    case 'sts':
      return services.sts(call, requestId);
    case 'sns':
      return services.sns(call, requestId);
    case 'eventbridge':
      return services.eventbridge(call, requestId);
    case 'iam':
      return services.iam(call, requestId);
    case 'service-quotas':
      return services.serviceQuotas(call, requestId);
  }
}

/** A plan with nothing but a bucket means the service's own throttling error. */
function errorOf(service: AwsCall['service'], fault: Fault | undefined): AwsError | null {
  if (fault === undefined) return null;
  const { error, delayMs, loseAnswer, effect } = fault;
  if (error !== undefined)
    return new AwsError(error.code, error.status, error.message ?? `${error.code} by a fault plan`);
  if (delayMs !== undefined || loseAnswer === true || effect !== undefined) return null;
  switch (service) {
    case 'ec2':
      return new AwsError('RequestLimitExceeded', 503, 'Request limit exceeded.');
    case 'sts':
    case 'sns':
    case 'iam':
      return new AwsError('Throttling', 400, 'Rate exceeded');
    case 'ssm':
    case 'eventbridge':
      return new AwsError('ThrottlingException', 400, 'Rate exceeded');
    case 'service-quotas':
      return new AwsError('TooManyRequestsException', 400, 'Rate exceeded');
    case 's3':
      return new AwsError('SlowDown', 503, 'Please reduce your request rate.');
    case 'sqs':
      return new AwsError('RequestThrottled', 400, 'The request was denied due to request throttling.');
  }
}

/** Returns the error code of an answer in any of the protocols. */
function codeOf({ status, body }: HttpReply): string | null {
  if (status < 300) return null;
  const text = body.toString();
  return /<Code>([^<]+)</.exec(text)?.[1] ?? /"__type":\s*"([^"]+)"/.exec(text)?.[1] ?? null;
}
