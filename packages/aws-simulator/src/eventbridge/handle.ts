/** EventBridge's PutEvents in the JSON 1.1 protocol. [EventBridge API: PutEvents] */
import { randomUUID } from 'node:crypto';
import { AwsError, errorReply } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import { readJsonBody } from '../json-body.js';
import type { Published } from '../published.js';
import { busArn, isDefaultBus } from './buses.js';

type Entry = Record<string, unknown>;

/**
 * Each entry has its own answer, in a reply of status 200. One for a missing bus gets an id like any other and is lost: AWS reports no
 * error for it. [aws-cli#9186, aws-sdk#186]
 *
 * @param bus ARN of the one that exists besides the default one
 */
export function handleEventBridge(bus: string, published: Published, call: AwsCall, requestId: string): HttpReply {
  try {
    const { Entries: entries } = readJsonBody(call.body) as { Entries: Entry[] };
    const answers = entries.map((entry) => {
      const refusal = refusalOf(entry);
      if (refusal !== null) return refusal;
      const [EventId, to] = [randomUUID(), busArn(call.region, call.account, entry['EventBusName'])];
      if (to === bus || isDefaultBus(to)) published.add(to, EventId, entry);
      return { EventId };
    });
    const FailedEntryCount = answers.filter((answer) => 'ErrorCode' in answer).length;
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId };
    return { status: 200, headers, body: JSON.stringify({ FailedEntryCount, Entries: answers }) };
  } catch (error) {
    if (error instanceof AwsError) return errorReply('eventbridge', error, requestId);
    throw error;
  }
}

/** [EventBridge API: PutEventsResultEntry, ErrorCode; the words: localstack#10675, localstack#11990] */
function refusalOf(entry: Entry): { ErrorCode: string; ErrorMessage: string } | null {
  const absent = ['Source', 'DetailType', 'Detail'].find((name) => (entry[name] ?? '') === '');
  if (absent !== undefined) {
    const ErrorMessage = `Parameter ${absent} is not valid. Reason: ${absent} is a required argument.`;
    return { ErrorCode: 'InvalidArgument', ErrorMessage };
  }
  if (/^aws\./i.test(String(entry['Source'])))
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  return isJsonObject(String(entry['Detail']))
    ? null
    : { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
