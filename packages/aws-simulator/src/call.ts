/** Describes a call for the record and for fault plans, without its secrets. */
import type { AwsCall } from './contract.js';
import { formOf } from './ec2/form.js';
import type { Admission } from './gate.js';
import { readJsonBody } from './json-body.js';
import { addressOf, s3ActionOf } from './s3/address.js';
import type { SignedRequest } from './sigv4.js';

export interface CallFacts {
  /** Parameters that the record may hold: no user data, scripts, bodies or signatures. */
  params: Record<string, string>;
  instanceIds: string[];
  /** Tags of a launch request. */
  tags: Record<string, string>;
}

/** Turns a request into a call of a service. */
export function callOf({ service, region, caller, account, session }: Admission, request: SignedRequest): AwsCall {
  const { method, rawPath: path, headers, body } = request;
  const query = new URLSearchParams(request.rawQuery);
  const action = actionOf(service, request, query);
  return { caller, account, session, service, region, action, method, path, query, headers, body };
}

export function factsOf(call: AwsCall): CallFacts {
  switch (call.service) {
    case 'ec2':
      return ec2Facts(formOf(call));
    case 'ssm':
      return ssmFacts(call.body);
    // The record leaves out messages to people and queues.
    case 'sqs':
    case 'eventbridge':
    case 'service-quotas':
      return { params: {}, instanceIds: [], tags: {} };
    case 'sts':
      return formFacts(formOf(call), ['RoleArn', 'RoleSessionName']);
    case 'sns':
      return formFacts(formOf(call), ['TopicArn']);
    case 'iam':
      return formFacts(formOf(call), ['PolicySourceArn', 'InstanceProfileName']);
    case 's3':
      return { params: { ...addressOf(call.path), ...listed(call.query) }, instanceIds: [], tags: {} };
  }
}

function actionOf(service: AwsCall['service'], request: SignedRequest, query: URLSearchParams): string {
  switch (service) {
    case 'ec2':
    case 'sts':
    case 'sns':
    case 'iam':
      return formOf({ body: request.body, query }).get('Action') ?? 'Unknown';
    case 'ssm':
    case 'sqs':
    case 'eventbridge':
    case 'service-quotas':
      return request.headers['x-amz-target']?.split('.').at(-1) ?? 'Unknown';
    case 's3':
      return s3ActionOf({ method: request.method, path: request.rawPath, query });
  }
}

function ec2Facts(form: URLSearchParams): CallFacts {
  const params: Record<string, string> = {};
  const instanceIds: string[] = [];
  for (const [name, value] of form) {
    if (name === 'Action' || name === 'Version') continue;
    params[name] = name === 'UserData' ? `(${value.length} characters)` : value;
    if (/^InstanceId(\.\d+)?$/.test(name)) instanceIds.push(value);
  }
  return { params, instanceIds, tags: launchTags(form) };
}

/** Only these parameters. */
function formFacts(form: URLSearchParams, names: string[]): CallFacts {
  const named = names.flatMap((name) => {
    const value = form.get(name);
    return value === null ? [] : [[name, value]];
  });
  return { params: Object.fromEntries(named) as Record<string, string>, instanceIds: [], tags: {} };
}

function launchTags(form: URLSearchParams): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const [name, key] of form) {
    const prefix = /^(TagSpecification\.\d+\.Tag\.\d+)\.Key$/.exec(name)?.[1];
    if (prefix !== undefined) tags[key] = form.get(`${prefix}.Value`) ?? '';
  }
  return tags;
}

function ssmFacts(body: Buffer): CallFacts {
  const params: Record<string, string> = {};
  const instanceIds: string[] = [];
  for (const [name, value] of Object.entries(inputOf(body))) {
    // Parameters contain the script, and with it presigned URLs.
    if (name === 'Parameters') continue;
    params[name] = typeof value === 'string' ? value : JSON.stringify(value);
    if (/^InstanceIds?$/.test(name)) instanceIds.push(...[value].flat().filter((id) => typeof id === 'string'));
  }
  return { params, instanceIds, tags: {} };
}

/** Empty for a body that the service refuses later. */
function inputOf(body: Buffer): Record<string, unknown> {
  try {
    return readJsonBody(body);
  } catch {
    return {};
  }
}

function listed(query: URLSearchParams): Record<string, string> {
  const prefix = query.get('prefix');
  return prefix === null ? {} : { prefix };
}
