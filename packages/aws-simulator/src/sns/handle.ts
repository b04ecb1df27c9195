/** SNS's Publish in the Query protocol, to topics; there are no phones and no endpoints of apps. [SNS API: Publish] */
import { randomUUID } from 'node:crypto';
import { AwsError, errorReply } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import { formOf } from '../ec2/form.js';
import { Params } from '../ec2/params.js';
import type { Published } from '../published.js';
import { element, XML_DECLARATION } from '../xml.js';
import { isFifo, type Topics } from './topics.js';

const NAMESPACE = ' xmlns="http://sns.amazonaws.com/doc/2010-03-31/"';

export function handleSns(topics: Topics, published: Published, call: AwsCall, requestId: string): HttpReply {
  try {
    const MessageId = publish(topics, published, call.region, Params.parse(formOf(call)));
    const answer = { PublishResult: { MessageId }, ResponseMetadata: { RequestId: requestId } };
    const body = XML_DECLARATION + element('PublishResponse', answer, NAMESPACE);
    return { status: 200, headers: { 'content-type': 'text/xml' }, body };
  } catch (error) {
    if (error instanceof AwsError) return errorReply('sns', error, requestId);
    throw error;
  }
}

/** @returns the id of the message, or of the one that it repeats */
function publish(topics: Topics, published: Published, region: string, params: Params): string {
  const arn = topicIn(topics, region, params);
  const Message = params.text('Message') ?? '';
  if (Message === '') throw invalid('Empty message');
  const name = deduplicationId(arn, params);
  const first = name === null ? null : topics.repetitionOf(arn, name);
  if (first !== null) return first;
  const id = randomUUID();
  if (name !== null) topics.remember(arn, name, id);
  const content = { Message, Subject: params.text('Subject') ?? null, MessageAttributes: attributesIn(params) };
  published.add(arn, id, { ...content, MessageGroupId: params.text('MessageGroupId') ?? null });
  return id;
}

/** @throws SNS's error for something other than a topic, a topic of another region, or a missing one [SNS API: Publish, errors] */
function topicIn(topics: Topics, region: string, params: Params): string {
  const arn = params.text('TopicArn') ?? params.text('TargetArn');
  if (arn === undefined) throw invalid('TopicArn or TargetArn Reason: no value for required parameter');
  const parts = arn.split(':');
  if (parts.length < 6)
    throw invalid(`TopicArn Reason: An ARN must have at least 6 elements, not ${arn === '' ? 0 : parts.length}`);
  if (parts[3] !== region) throw invalid('TopicArn');
  if (!topics.has(arn)) throw new AwsError('NotFound', 404, 'Topic does not exist');
  return arn;
}

/** Returns null for a topic without deduplication. [docs: SNS FIFO topics] */
function deduplicationId(arn: string, params: Params): string | null {
  const name = params.text('MessageDeduplicationId');
  if (!isFifo(arn)) {
    if (name === undefined) return null;
    throw invalid(
      'MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
    );
  }
  if (!params.has('MessageGroupId')) throw invalid('The MessageGroupId parameter is required for FIFO topics');
  if (name !== undefined) return name;
  throw invalid(
    'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
  );
}

function attributesIn(params: Params): Record<string, unknown> {
  const entries = params.struct('MessageAttributes').structs('entry');
  return Object.fromEntries(
    entries.map((entry) => {
      const value = entry.struct('Value');
      const [DataType, StringValue] = [value.text('DataType') ?? '', value.text('StringValue') ?? ''];
      return [entry.text('Name') ?? '', { DataType, StringValue }];
    }),
  );
}

const invalid = (what: string): AwsError => new AwsError('InvalidParameter', 400, `Invalid parameter: ${what}`);
